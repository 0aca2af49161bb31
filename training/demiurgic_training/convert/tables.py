"""CSV files, read line by line. A line that cannot be read is told of, and the next one is read."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demiurgic.errors import UserError
from demiurgic_training.files import BadLine

_LARGEST_CELL = 1 << 30


class _Reader(Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Record:
    """One line's cells by the names of their columns. `line` is where it ends: cells may hold line breaks."""

    line: int
    cells: Mapping[str, str]


def read_table(path: Path, columns: tuple[str, ...], encoding: str = "utf-8-sig") -> Iterator[Record | BadLine]:
    """The records of a file whose first line names its columns. Raises UserError where it lacks one of these, or cannot
    be read at all."""
    csv.field_size_limit(_LARGEST_CELL)  # the library has one limit for all, too low for texts
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=_delimiter(file.readline()))
            file.seek(0)
            names = [name.strip() for name in next(reader, list[str]())]
            if missing := [column for column in columns if column not in names]:
                there = ", ".join(filter(None, names)) or "none"
                raise UserError(f"{path} has no column {missing[0]!r}; its columns are {there}", "name them by flags")
            yield from _records(path, reader, names)
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder", "name a file of comma-separated values") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except LookupError as error:
        raise UserError(f"there is no encoding {encoding!r}", "--encoding gb18030") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not written in {encoding}: {error.reason}", "--encoding gb18030") from error
    except csv.Error as error:
        raise UserError(f"{path} is no table: {error}") from error


def _records(path: Path, reader: "_Reader", names: list[str]) -> Iterator[Record | BadLine]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadLine(path, reader.line_num, f"no line of a table: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            yield BadLine(path, reader.line_num, f"{len(cells)} cells instead of {len(names)}")
        else:
            yield Record(reader.line_num, dict(zip(names, cells, strict=True)))


def _delimiter(head: str) -> str:
    """What most likely stands between the columns' names."""
    return max(",\t;", key=head.count)
