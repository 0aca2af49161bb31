"""The line below the prompt. Where there is little room, what matters least is left out first."""

from collections.abc import Sequence

from prompt_toolkit.formatted_text import StyleAndTextTuples

from demiurgic.modes import Mode
from demiurgic.repl.items import Facts
from demiurgic.workspace.shown import visible_name

_GAP = " · "


def status_parts(facts: Facts, width: int) -> list[tuple[str, str]]:
    """Pieces of text, each with the name of its style, in a line of at most `width` cells."""
    named = [
        (facts.model, "model", 1),
        (_context(facts), "warning" if _share(facts) >= 80 else "", 3),
        (f"{facts.rate:.0f} tok/s" if facts.rate else "", "", 5),
        (facts.sandbox, "" if facts.guarded else "warning", 4),
        (facts.mode or "", "warning" if facts.mode is Mode.ALL else "mode", 2),
    ]
    pieces = [(visible_name(text), style, rank) for text, style, rank in named if text]
    while len(pieces) > 1 and _length(pieces) > width:
        pieces.remove(max(pieces, key=lambda piece: piece[2]))
    shown: list[tuple[str, str]] = []
    for text, style, _ in pieces:
        shown += [(_GAP, "")] if shown else []
        shown.append((text[:width], style))
    return shown


def status_fragments(facts: Facts, hint: str, width: int) -> StyleAndTextTuples:
    """The whole line with its styles. A hint takes its place while there is one."""
    if hint:
        return [("class:hint", f"  {hint}"[:width])]
    pieces = status_parts(facts, width - 3)
    styled = [(f"class:status.{style}" if style else "class:status", text) for text, style in pieces]
    return [("class:status", "  "), *styled]


def waiting_fragments(lines: Sequence[str], width: int) -> StyleAndTextTuples:
    """What was typed ahead."""
    texts = [f"  waits: {visible_name(line)}"[:width] for line in lines]
    return [("class:waiting", "\n".join(texts))] if texts else []


def _length(pieces: list[tuple[str, str, int]]) -> int:
    return sum(len(text) for text, _, _ in pieces) + len(_GAP) * (len(pieces) - 1)


def _share(facts: Facts) -> int:
    return min(100, round(100 * facts.used / facts.context)) if facts.context else 0


def _context(facts: Facts) -> str:
    if not facts.context:
        return f"{facts.used} tokens" if facts.used else ""
    size = f"{facts.context / 1000:.0f}k" if facts.context >= 10_000 else f"{facts.context}"
    return f"{_share(facts)}% of {size}"
