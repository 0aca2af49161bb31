"""Rows of a file as the page shows them: some at a time, and for those that a filter dropped, what they said and why.

Reads JSON lines as they stand, of whatever form; a line that is no JSON is shown as it is.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from demiurgic_server.problems import Refused
from demiurgic_server.studio.grounds import Grounds

ENDINGS = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".md", ".yaml")
_LONGEST = 1 << 20
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
        raise Refused(415, f"{file.name} holds no rows or text", f"choose one of {', '.join(ENDINGS)}")
    size = file.stat().st_size
    if not file.name.endswith(".jsonl"):
        with file.open("rb") as opened:
            return Part([], None, size, opened.read(_TEXT).decode("utf-8", "replace"))
    values: list[Any] = []
    with file.open("rb") as opened:
        opened.seek(after)
        while len(values) < count and (line := opened.readline(_LONGEST)):
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
            last = max(numbers)
            held = ((number, opened.readline(_LONGEST)) for number in range(1, last + 1))
            return [(number, _value(line)) for number, line in held if number in numbers and line]
    except (Refused, OSError):
        return []


def _tells_of_a_drop(value: Any) -> bool:  # noqa: ANN401 - whatever the line holds
    if not isinstance(value, dict) or not cast("dict[str, Any]", value).keys() >= _DROPPED:
        return False
    held = cast("dict[str, Any]", value)
    return isinstance(held["file"], str) and isinstance(held["line"], int)


def _value(line: bytes) -> Any:  # noqa: ANN401 - whatever the line holds
    try:
        return json.loads(line)
    except ValueError:
        return line.decode("utf-8", "replace")
