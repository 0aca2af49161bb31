"""Files that are one JSON array, read as if each of its items were a line."""

import json
from collections.abc import Iterator
from pathlib import Path

from demiurgic.messages import Json

_BLANK = " \t\r\n"


class BrokenArray(ValueError):
    """An array cannot be read further. `line` is where."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(reason)


def is_array(path: Path, head: bytes) -> bool:
    """Whether a file that begins so is one array: no object does."""
    return path.suffix != ".gz" and head.lstrip()[:1] == b"["


def items_of(text: str, line: int = 1) -> Iterator[tuple[int, Json]]:
    """The items of an array that begins in this line, each with the line where it begins itself. Raises BrokenArray
    where the rest is no JSON."""
    decoder, last = json.JSONDecoder(), 0
    at = text.index("[") + 1
    while True:
        at = _skip(text, at)
        line += text.count("\n", last, at)
        last = at
        if text[at : at + 1] == "]":
            if text[at + 1 :].strip():
                raise BrokenArray(line, "something stands behind the array's end")
            return
        try:
            item, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise BrokenArray(line, f"no JSON, and nothing behind it can be read: {error}") from error
        yield line, item
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            raise BrokenArray(line, "no comma behind an item, so nothing behind it can be read")


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANK:
        at += 1
    return at
