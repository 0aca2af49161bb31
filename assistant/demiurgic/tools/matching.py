"""Finds the text that a model means to replace, and says exactly which characters of the file make way for which.

The text itself is looked for first; then the same lines with other white space, if they are there once and their
indentation differs from the model's in one settled way, which the replacement is then given too. Nothing is ever put
where it might not belong: what is ambiguous or merely similar is refused.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.tools.indenting import indenter

_NUMBERED = re.compile(r"^[ ]*(\d{1,9})\t", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Splice:
    """`text` takes the place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nothing can be replaced. `places` are the line numbers of several that are equally good."""

    places: tuple[int, ...] = ()
    uneven: int = 0
    """The line where the text stands with an indentation that differs unevenly."""


def find(content: str, old: str, new: str, *, everywhere: bool = False) -> list[Splice] | NoMatch:
    """What replaces what. Several places only if all of them are meant.

    What replaces whole lines is whole lines: if only `old` ends its last line, the next one is not joined to `new`.
    """
    if old.endswith("\n") and new and not new.endswith("\n"):
        new += "\n"
    places = _occurrences(content, old)
    if places and (everywhere or len(places) == 1):
        return [_spliced(content, at, end, new) for at, end in _apart(places)]
    if places:
        return NoMatch(tuple(content.count("\n", 0, at) + 1 for at, _ in places))
    found = _find_lines(content, old, new)
    if found == NoMatch() and (clean := _without_numbers(old, new)):
        return _find_lines(content, *clean)
    return found


def apply(content: str, splices: Sequence[Splice]) -> str:
    """The content with every splice made. They are in order and apart."""
    parts: list[str] = []
    done = 0
    for splice in splices:
        parts += [content[done : splice.start], splice.text]
        done = splice.end
    return "".join((*parts, content[done:]))


def stands(content: str, text: str) -> int:
    """The line where these lines stand already, whatever their white space; 0 where they do not."""
    lines = _Lines.of(content)
    wanted = [_loose(line) for line in _trimmed(_plain_lines(text))]
    found = _runs([_loose(line) for line in lines.texts], wanted)
    return found[0] + 1 if found else 0


def _spliced(content: str, at: int, end: int, new: str) -> Splice:
    """The replacement's lines end as those do that it replaces, or as the line does that it stands in."""
    own = content.find("\n", at, end)
    following = own if own >= 0 else content.find("\n", end)
    crlf = "\r\n" in content if following < 0 else content.startswith("\r", following - 1)
    return Splice(at, end, _with_crlf(new) if crlf else new)


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _occurrences(content: str, old: str) -> list[tuple[int, int]]:
    """Where it stands, whichever line ends are used, overlaps included: two places that overlap are two places."""
    plain, wanted = content.replace("\r\n", "\n"), old.replace("\r\n", "\n")
    long_ends = [found.start() - number for number, found in enumerate(re.finditer("\r\n", content))]
    places: list[tuple[int, int]] = []
    at = plain.find(wanted)
    while wanted and at >= 0:
        start, end = (place + bisect_left(long_ends, place) for place in (at, at + len(wanted)))
        places.append((start, end))
        at = plain.find(wanted, at + 1)
    return places


def _apart(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for place in places:
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    return kept


# Line by line


@dataclass(frozen=True, slots=True)
class _Lines:
    """A text's lines without their ends, and where each begins."""

    texts: tuple[str, ...]
    starts: tuple[int, ...]

    @staticmethod
    def of(content: str) -> "_Lines":
        texts: list[str] = []
        starts: list[int] = []
        at = 0
        for line in content.split("\n"):
            texts.append(line.removesuffix("\r"))
            starts.append(at)
            at += len(line) + 1
        return _Lines(tuple(texts), tuple(starts))

    def end(self, line: int) -> int:
        return self.starts[line] + len(self.texts[line])


def _find_lines(content: str, old: str, new: str) -> list[Splice] | NoMatch:
    lines = _Lines.of(content)
    wanted = _trimmed(_plain_lines(old))
    if not any(line.strip() for line in wanted):
        return NoMatch()
    for key in (str.rstrip, _loose):
        found = _runs([key(line) for line in lines.texts], [key(line) for line in wanted])
        if len(found) > 1:
            return NoMatch(tuple(line + 1 for line in found))
        if found:
            return _replaced(content, lines, found[0], wanted, _trimmed_like(old, new))
    return NoMatch()


def _replaced(
    content: str, lines: _Lines, first: int, wanted: Sequence[str], replacement: Sequence[str]
) -> list[Splice] | NoMatch:
    last = first + len(wanted) - 1
    real = lines.texts[first : last + 1]
    indent = indenter(wanted, real)
    indented = indent(replacement) if indent else None
    if indented is None:
        return NoMatch(uneven=first + 1)
    start, end = lines.starts[first], lines.end(last)
    if not replacement:  # the lines go, and their ends with them
        return [Splice(start, lines.starts[last + 1] if last + 1 < len(lines.starts) else end, "")]
    after = lines.end(first)
    crlf = content.startswith("\r\n", after) or (after == len(content) and "\r\n" in content)
    return [Splice(start, end, ("\r\n" if crlf else "\n").join(indented))]


def _runs(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where all the wanted lines stand one after the other."""
    if not wanted:
        return []
    length = len(wanted)
    return [
        at
        for at in range(len(lines) - length + 1)
        if lines[at] == wanted[0] and all(lines[at + i] == wanted[i] for i in range(1, length))
    ]


def _loose(line: str) -> str:
    return " ".join(line.split())


def _plain_lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.split("\n")] if text else []


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without empty lines at either end: models add and forget them."""
    full = [number for number, line in enumerate(lines) if line.strip()]
    return list(lines[full[0] : full[-1] + 1]) if full else []


def _trimmed_like(old: str, new: str) -> list[str]:
    """The replacement without the empty lines at either end that the old text has there too."""
    before, after = _plain_lines(old), _plain_lines(new)
    while before and after and not before[0].strip() and not after[0].strip():
        del before[0], after[0]
    while before and after and not before[-1].strip() and not after[-1].strip():
        del before[-1], after[-1]
    return after


def _without_numbers(old: str, new: str) -> tuple[str, str] | None:
    """Without the line numbers that were copied along from what a file was shown as."""
    if not _numbers_follow(old):
        return None
    clean = new if not _numbers_follow(new) else _NUMBERED.sub("", new)
    return _NUMBERED.sub("", old), clean


def _numbers_follow(text: str) -> bool:
    lines = _trimmed(text.split("\n"))
    numbers = [int(found[1]) if (found := _NUMBERED.match(line)) else -1 for line in lines]
    return bool(numbers) and numbers[0] >= 0 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
