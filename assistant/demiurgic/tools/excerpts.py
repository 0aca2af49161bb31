"""Some lines of a file, however large it is: what is not asked for is counted and not kept."""

import os
import threading
from dataclasses import dataclass
from typing import BinaryIO

from demiurgic.errors import ToolFailed
from demiurgic.tools.textfile import decoded, is_binary, lines_of

_WHOLE = 8 << 20
"""A file up to this size is read whole, in whatever encoding; a larger one by pieces, as UTF-8."""
_PIECE = 1 << 20
_SCANNED = 4 << 30
"""Nobody waits for lines that lie deeper in a file than this."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines without their ends, the number of the first, and how many the file has, where that is known."""

    lines: tuple[str, ...]
    first: int
    total: int | None
    encoding: str = "utf-8"


def excerpt(file: BinaryIO, offset: int, limit: int | None, cancel: threading.Event) -> Excerpt | None:
    """Lines from `offset`, counted from 1, or from the end if it is negative. None for what is no text."""
    size = os.fstat(file.fileno()).st_size
    if size > _WHOLE:
        return _of_large(file, size, offset, limit, cancel)
    text = decoded(file.read(_WHOLE))
    if text is None:
        return None
    lines = lines_of(text.text) if text.text else []
    start = max(len(lines) + offset, 0) if offset < 0 else offset - 1
    end = len(lines) if limit is None else start + limit
    return Excerpt(tuple(lines[start:end]), start + 1, len(lines), text.encoding)


def _of_large(file: BinaryIO, size: int, offset: int, limit: int | None, cancel: threading.Event) -> Excerpt | None:
    if is_binary(file.read(_PIECE)):
        return None
    if size > _SCANNED:
        raise ToolFailed(f"the file has {size >> 30} GB", "look at a part of it with a program such as head or tail")
    total = None
    if offset < 0:
        newlines = _skip(file, -1, cancel)
        file.seek(-1, os.SEEK_END)
        total = newlines + (file.read(1) != b"\n")
        offset = max(total + offset, 0) + 1
    skipped = _skip(file, offset - 1, cancel)
    if skipped < offset - 1:
        raise ToolFailed(f"the file has only {skipped + 1} lines")
    data = file.read(_PIECE)
    lines = lines_of(data.decode("utf-8", "replace"))
    if len(data) == _PIECE and len(lines) > 1:
        del lines[-1]  # its end is not here
    return Excerpt(tuple(lines[:limit]), offset, total)


def _skip(file: BinaryIO, lines: int, cancel: threading.Event) -> int:
    """Go behind so many line ends, or count them all if negative. Returns how many there were."""
    file.seek(0)
    seen = 0
    while piece := file.read(_PIECE):
        if cancel.is_set():
            raise ToolFailed("stopped")
        here = piece.count(b"\n")
        if 0 <= lines <= seen + here:
            at = 0
            for _ in range(lines - seen):
                at = piece.index(b"\n", at) + 1
            file.seek(at - len(piece), os.SEEK_CUR)
            return lines
        seen += here
    return seen
