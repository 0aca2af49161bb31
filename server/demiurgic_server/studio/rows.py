"""Rows of a file as the page shows them: some at a time, and for those that a filter dropped, what they said and why.

Reads JSON lines as they stand, of whatever form; a line that is no JSON is shown as it is.
"""

from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

from demiurgic_server.problems import Refused
from demiurgic_server.studio.grounds import Grounds
from demiurgic_server.studio.reading import parsed

ENDINGS = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".md", ".yaml")
_LONGEST = 1 << 20
"""Of one line: what is behind it shows as another one."""
_MOST = 1 << 20
"""Bytes that are read at once, about."""
_TEXT = 200_000
_DROPPED = frozenset(("file", "line", "filter", "reason"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `value` is what it holds; `source` is the row that a filter dropped, where the line tells of one."""

    value: Any
    source: Any = None


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines, and the place in the file where the next ones begin; None at the end. `text` is of other files."""

    lines: list[Line]
    next: int | None
    size: int
    text: str = ""


def read_part(grounds: Grounds, file: Path, after: int, count: int) -> Part:
    """So many lines behind a place. Raises Refused for files of other kinds."""
    if not file.name.endswith(ENDINGS) or not file.is_file():
        raise Refused(415, f"{file.name!r} holds no rows or text", f"choose one of {', '.join(ENDINGS)}")
    size = file.stat().st_size
    if not file.name.endswith(".jsonl"):
        with file.open("rb") as opened:
            return Part([], None, size, opened.read(_TEXT).decode("utf-8", "replace"))
    values: list[Any] = []
    with file.open("rb") as opened:
        opened.seek(start := min(after, size))
        while len(values) < count and opened.tell() < start + _MOST and (line := opened.readline(_LONGEST)):
            if line.strip():
                values.append(_value(line))
        place = opened.tell()
    return Part(_with_sources(grounds, values), place if place < size else None, size)


def _with_sources(grounds: Grounds, values: list[Any]) -> list[Line]:
    wanted: dict[str, set[int]] = {}
    for value in values:
        if _tells_of_a_drop(value):
            wanted.setdefault(value["file"], set()).add(value["line"])
    found = {(name, number): row for name, numbers in wanted.items() for number, row in _lines(grounds, name, numbers)}
    return [
        Line(value, found.get((value["file"], value["line"])) if _tells_of_a_drop(value) else None) for value in values
    ]


def _lines(grounds: Grounds, name: str, numbers: set[int]) -> list[tuple[int, Any]]:
    """Lines of a file by number, the first being 1; none where it cannot be read any more."""
    try:
        with grounds.there(name).open("rb") as opened:
            lines = islice(enumerate(iter(partial(opened.readline, _LONGEST), b""), 1), max(0, *numbers))
            return [(number, _value(line)) for number, line in lines if number in numbers]
    except (Refused, OSError):
        return []


def _tells_of_a_drop(value: Any) -> bool:  # noqa: ANN401 - whatever the line holds
    if not isinstance(value, dict) or not cast("dict[str, Any]", value).keys() >= _DROPPED:
        return False
    held = cast("dict[str, Any]", value)
    return isinstance(held["file"], str) and isinstance(held["line"], int)


def _value(line: bytes) -> Any:  # noqa: ANN401 - whatever the line holds
    try:
        return parsed(line)
    except ValueError:
        return line.decode("utf-8", "replace")
