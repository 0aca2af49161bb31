"""A passage of a document: whole lines that belong together, and what stands around them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DEFINES = re.compile(
    r"\s*(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|static|async|abstract|final|inline|unsafe)\s+)*"
    r"(?:def|class|function|func|fn|impl|interface|struct|enum|trait|type|module|sub|proc)\b"
)
_LEADS = re.compile(r"\s*(?:@|#\[|///|//|#|\*|/\*)")
_LARGEST = 120
"""Lines of a passage that was not selected. Somebody who selects more wants more."""
_AROUND = 40
"""Lines above a passage that are shown beside it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines `start` up to `end`, without their ends, of a document whose lines are `lines`."""

    path: str
    lines: tuple[str, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """The passage."""
        return "\n".join(self.lines[self.start : self.end])

    @property
    def above(self) -> str:
        """What stands above it, as far as it may help."""
        return "\n".join(self.lines[max(0, self.start - _AROUND) : self.start])

    @property
    def indent(self) -> str:
        """The blanks with which all its lines begin."""
        return _shared_indent(self.lines[self.start : self.end])


def lines_of(text: str) -> tuple[str, ...]:
    """A document's lines, whatever they end with."""
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def passage_at(path: str, text: str, first: int, last: int) -> Passage:
    """The passage from one line to another. Where they are one: the definition around it, or the paragraph."""
    lines = lines_of(text)
    first, last = min(first, len(lines) - 1), min(last, len(lines) - 1)
    start, end = (first, last + 1) if last > first else _around(lines, first)
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return Passage(path, lines, start, end)


def _around(lines: Sequence[str], line: int) -> tuple[int, int]:
    head = _head(lines, line)
    if head is not None:
        start, end = _led(lines, head), _block_end(lines, head)
        if line < end <= start + _LARGEST:
            return start, end
    return _paragraph(lines, line)


def _head(lines: Sequence[str], line: int) -> int | None:
    """The line where the innermost definition around a line begins."""
    if _LEADS.match(lines[line]):  # a decorator or a comment belongs to what it stands above
        below = next((at for at in range(line, len(lines)) if not _LEADS.match(lines[at])), line)
        if _DEFINES.match(lines[below]):
            return below
    depth = _depth(lines[line]) if lines[line].strip() else 10**6
    for at in range(line, -1, -1):
        text = lines[at]
        if not text.strip() or (_depth(text) >= depth and at != line):
            continue
        if _DEFINES.match(text):
            return at
        depth = min(depth, _depth(text))
    return None


def _led(lines: Sequence[str], head: int) -> int:
    """Where the decorators and comments of a definition begin."""
    while head > 0 and _LEADS.match(lines[head - 1]) and _depth(lines[head - 1]) == _depth(lines[head]):
        head -= 1
    return head


def _block_end(lines: Sequence[str], head: int) -> int:
    depth, end = _depth(lines[head]), head + 1
    for at in range(head + 1, len(lines)):
        text = lines[at]
        if not text.strip():
            continue
        closes = text.strip()[0] in ")]}"
        if _depth(text) < depth or (_depth(text) == depth and not closes):
            break
        end = at + 1
    return end


def _paragraph(lines: Sequence[str], line: int) -> tuple[int, int]:
    start, end = line, line + 1
    while start > 0 and lines[start - 1].strip() and end - start < _LARGEST:
        start -= 1
    while end < len(lines) and lines[end].strip() and end - start < _LARGEST:
        end += 1
    return start, end


def _depth(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _shared_indent(lines: Sequence[str]) -> str:
    indents = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    return min(indents, key=len) if indents else ""
