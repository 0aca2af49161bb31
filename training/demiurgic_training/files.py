"""Rows in files: one JSON object a line, read one at a time and written so that nobody ever meets half a file.

A line that cannot be read is a value like any other, which says where it stands and what is wrong with it. It never
ends the reading, and it never goes missing: who reads counts it.
"""

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias, TypeVar, cast

from demiurgic.errors import UserError, WorkError
from demiurgic.messages import Json, JsonObject
from demiurgic.messages_json import from_line, json_bytes
from demiurgic_models.files import put
from demiurgic_training.arrays import BrokenArray, is_array, items_of
from demiurgic_training.rows import Pair, Row, pair_to_json, row_from_json, row_to_json

T = TypeVar("T")
Item: TypeAlias = Row | Pair | JsonObject
"""What a line is made of."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line that nobody has looked into, and where it stands."""

    file: Path
    number: int
    data: bytes


def read_rows(path: Path) -> Iterator[Row | BadLine]:
    """The conversations of a file in our own form. Raises UserError where the file itself cannot be read."""
    return read_as(path, row_from_json)


def read_as(path: Path, reader: Callable[[Mapping[str, Json]], T]) -> Iterator[T | BadLine]:
    """What a reader makes of each line. Its ValueError is what is wrong with the line."""
    for raw in raw_lines(path):
        yield raw if isinstance(raw, BadLine) else parsed(raw, reader)


def parsed(raw: RawLine, reader: Callable[[Mapping[str, Json]], T]) -> T | BadLine:
    """What a reader makes of one line."""
    try:
        held = from_line(raw.data)
    except ValueError as error:
        return BadLine(raw.file, raw.number, f"no JSON object: {error}")
    try:
        return reader(held)
    except ValueError as error:
        return BadLine(raw.file, raw.number, str(error))


def raw_lines(path: Path) -> Iterator[RawLine | BadLine]:
    """The lines of a file, `.gz` or not, or the items of one that is a JSON array. Blank lines are none. Raises
    UserError where the file itself cannot be read."""
    begun = False
    with _opened(path) as file:
        for number, read in enumerate(file, 1):
            line = read.removeprefix(BOM_UTF8) if number == 1 else read
            if not line.strip():
                continue
            if not begun and is_array(path, line):
                yield from _array(path, number, line + file.read())
                return
            begun = True
            yield RawLine(path, number, line)


def _array(path: Path, first: int, data: bytes) -> Iterator[RawLine | BadLine]:
    try:
        for number, item in items_of(data.decode(), first):
            yield RawLine(path, number, json_bytes(item))
    except UnicodeDecodeError as error:
        yield BadLine(path, first, f"no UTF-8: {error}")
    except BrokenArray as error:
        yield BadLine(path, error.line, str(error))


@contextmanager
def writing(path: Path) -> Generator[Callable[[Item], None]]:
    """Write items to a file, which is there as a whole in the end, or as it was before if something goes wrong."""
    beside = path.with_name(f"{path.name}.new")
    try:
        try:
            with beside.open("wb") as file:

                def write(item: Item) -> None:
                    file.write(line_of(item))

                yield write
            put(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        if error.filename is None or Path(error.filename) not in (beside, path):
            raise
        raise UserError(f"{path} cannot be written: {error.strerror}", "name another file") from error


def write_items(path: Path, items: Iterable[Item]) -> int:
    """Write all items to a file, and return how many there were."""
    count = 0
    with writing(path) as write:
        for item in items:
            write(item)
            count += 1
    return count


def line_of(item: Item) -> bytes:
    """The line that holds an item."""
    match item:
        case Row():
            value = row_to_json(item)
        case Pair():
            value = pair_to_json(item)
        case _:
            value = item
    return json_bytes(value) + b"\n"


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    try:
        with cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb") as file:
            if path.is_char_device() and not file.isatty():
                raise UserError(f"{path} is a device, which may never end", "name a file of JSON lines")
            yield file
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder", "name a file of JSON lines") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"there is no file {path}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is damaged: {error}", "save what can be saved: gzip -dc FILE > ROWS.jsonl") from error
    except PermissionError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "name another file, or ask its owner") from error
    except OSError as error:
        raise WorkError(f"{path} cannot be read: {error.strerror}") from error
