"""Where the missing text ends. Models write on; what belongs into the hole is told by the syntax around it."""

import re

from demiurgic_lsp.completion.hole import Hole

_OPENS = re.compile(r"(?:[:({\[]|=>|->|\bdo|\bthen|\bbegin)\s*$")
_GOES_ON = re.compile(r"\s*(?:[)\]}]|(?:else|elif|except|finally|catch|case|default|end|fi|done)\b)")
_MOST_LINES = 16


def one_line(hole: Hole) -> bool:
    """Whether no more than the rest of the line is missing: more is where a line is empty, or opens a block."""
    left = hole.left.rstrip()
    if not hole.at_line_end:
        return True
    if not left:
        return False
    within_a_pair = left[-1] in "([" and hole.right.strip() != ""
    return within_a_pair or not _OPENS.search(left)


def so_far(text: str, hole: Hole) -> tuple[str, bool]:
    """What of a text that still grows belongs into the hole, and whether that is all of it."""
    first, *more = text.split("\n")
    if not more:
        return text, False
    if one_line(hole):
        return first, True
    kept, deeper = [first], bool(hole.left.strip())
    base = _depth(hole.left) if deeper else len(hole.left)
    for line in more[:-1]:  # the last one still grows
        if _ends(line, kept, hole, base, deeper=deeper):
            return "\n".join(kept), True
        kept.append(line)
    if _depth(more[-1]) < base and more[-1].strip() and not _GOES_ON.match(more[-1]):
        return "\n".join(kept), True
    return "\n".join((*kept, more[-1])), len(kept) >= _MOST_LINES


def whole(text: str, hole: Hole) -> str:
    """The same for a text that has ended."""
    return so_far(f"{text}\n", hole)[0].rstrip("\n")


def _ends(line: str, kept: list[str], hole: Hole, base: int, *, deeper: bool) -> bool:
    """Whether the block is over before this line."""
    if not line.strip():
        return not deeper and any(text.strip() for text in kept)
    below = next((text for text in hole.below.split("\n") if text.strip()), None)
    if below is not None and line.rstrip() == below.rstrip() and len(line.strip()) > 1:
        return True
    depth = _depth(line)
    shallow = depth < base or (deeper and depth == base)
    return (shallow and not (depth >= base and _GOES_ON.match(line))) or len(kept) >= _MOST_LINES


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
