"""A file before and after, as a person reads it: the lines that differ, some around them, nothing left out of them.

Whatever acts or hides is spelled out, and spaces at the end of a changed line are marked: what is approved is what is
seen.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from demiurgic.repl.ink import Hanging
from demiurgic.tools.protocol import DiffView
from demiurgic.workspace.shown import visible

_AROUND = 3
_MANY = 1000
"""Lines from which on common ones are not tried one by one: a rougher diff, just as true."""
_STYLES = {"+": "green", "-": "red", " ": "dim"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line: its number in the file (the new one, or the old one where it is gone), its sign, its text."""

    number: int
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs, in runs of lines that stand together."""

    runs: tuple[tuple[DiffLine, ...], ...]
    note: str = ""

    def count(self, sign: str) -> int:
        """Lines added or taken away."""
        return sum(each.sign == sign for run in self.runs for each in run)

    @property
    def stat(self) -> Text:
        """How much it is, in two numbers."""
        return Text.assemble((f"+{self.count('+')}", "green"), " ", (f"-{self.count('-')}", "red"))


def diff_of(view: DiffView) -> Diff:
    """Compare."""
    before, after = _lines(view.before), _lines(view.after)
    top, bottom = _common(before, after)
    first = max(0, top - _AROUND)
    old, new = (lines[first : len(lines) - max(0, bottom - _AROUND)] for lines in (before, after))
    groups = difflib.SequenceMatcher(None, old, new, autojunk=len(new) > _MANY).get_grouped_opcodes(_AROUND)
    runs = tuple(tuple(_run(group, (old, new), first)) for group in groups)
    return Diff(runs, _note(view))


def diff_blocks(diff: Diff, most: int | None = None) -> list[Hanging]:
    """The lines of a diff. `most` folds what is longer, and says so."""
    shown: list[Hanging] = []
    width = len(str(max((each.number for run in diff.runs for each in run), default=0)))
    for number, run in enumerate(diff.runs):
        if number:
            shown.append(Hanging(Text(f"  {'⋮':>{width}}", "dim"), Text()))
        shown += [_block(each, width) for each in run]
    if diff.note:
        shown.append(Hanging(Text("  "), Text(diff.note, "yellow")))
    if most is not None and len(shown) > most:
        left = len(shown) - most
        return [*shown[:most], Hanging(Text("  "), Text(f"… {left} more lines; /diff shows them", "dim"))]
    return shown


def _block(each: DiffLine, width: int) -> Hanging:
    text = visible(each.text)
    bare = text.rstrip(" \t") if each.sign != " " else text
    body = Text(bare, _STYLES[each.sign])
    body.append(text[len(bare) :].replace(" ", "·").replace("\t", "→"), "reverse")
    sign = Text.assemble((f"  {each.number:>{width}} ", "dim"), (f"{each.sign} ", _STYLES[each.sign]))
    return Hanging(sign, body)


def _lines(text: str | None) -> list[str]:
    lines = (text or "").split("\n")
    return lines[:-1] if not lines[-1] else lines


def _common(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many lines are the same at the top and at the bottom: comparing the rest is much less work."""
    most = min(len(before), len(after))
    top = next((n for n in range(most) if before[n] != after[n]), most)
    bottom = next((n for n in range(most - top) if before[-1 - n] != after[-1 - n]), most - top)
    return top, bottom


def _run(
    group: Sequence[tuple[str, int, int, int, int]], texts: tuple[Sequence[str], Sequence[str]], first: int
) -> Iterator[DiffLine]:
    old, new = texts
    for kind, old_from, old_to, new_from, new_to in group:
        if kind == "equal":
            yield from (DiffLine(first + n + 1, " ", new[n]) for n in range(new_from, new_to))
            continue
        yield from (DiffLine(first + n + 1, "-", old[n]) for n in range(old_from, old_to))
        yield from (DiffLine(first + n + 1, "+", new[n]) for n in range(new_from, new_to))


def _note(view: DiffView) -> str:
    if view.after is None:
        return "the file is deleted"
    ends = not view.after or view.after.endswith("\n")
    ended = not view.before or view.before.endswith("\n")
    if ended == ends:
        return "" if view.before != view.after else "nothing changes"
    return "the last line now ends like the others" if ends else "the last line has no line end"
