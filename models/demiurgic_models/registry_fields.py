"""The shape of a registry file: which fields there are, and what may stand in them.

What is read here reaches file names, a hub's URLs, pip's command line and the terminal, so each field has a pattern
and nothing unknown is let through in silence.
"""

import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demiurgic_models.entries import Entry, HubSource, LocalSource, Source, WheelSource
from demiurgic_models.errors import BadRegistry

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.gguf")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WHEEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,63}")
_LARGEST = 2**60


def read_entries(text: str, where: str) -> Iterator[Entry]:
    """The entries as they stand in the text. Raises BadRegistry naming the file, the entry and the field."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of 5,000 digits is no TOMLDecodeError
        raise BadRegistry(f"{where} is not TOML: {error}") from error
    models: Any = tables.get("model", [])
    if not isinstance(models, list) or set(tables) - {"model"}:
        raise BadRegistry(f"{where} may hold [[model]] tables only")
    for number, table in enumerate(models, 1):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        yield _Table(table, f"{where}, model {number}").entry()  # pyright: ignore[reportUnknownArgumentType]


class _Table:
    """One table of a registry file, read field by field."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, dict):
            raise BadRegistry(f"{where}: a table is expected")
        self._table: dict[str, Any] = dict(table)  # pyright: ignore[reportUnknownArgumentType]
        self._where = where

    def entry(self) -> Entry:
        name = self._text("name", _NAME)
        self._where = f"{self._where} ({name})"
        entry = Entry(
            name=name,
            family=self._text("family"),
            dialect=self._text("dialect"),
            parameters=self._text("parameters"),
            quantisation=self._text("quantisation"),
            file=self._text("file", _FILE),
            licence=self._text("licence"),
            context=self._whole("context"),
            ram=self._gigabytes("ram"),
            sources=self._sources(),
            bytes=self._whole("bytes") if "bytes" in self._table else None,
            sha256=self._text("sha256", _SHA256) if "sha256" in self._table else None,
        )
        self._end()
        return entry

    def source(self) -> Source:
        kind = self._text("kind")
        source: Source
        if kind == "hub":
            revision = self._text("revision", _REVISION) if "revision" in self._table else "main"
            source = HubSource(self._text("repository", _REPOSITORY), revision)
        elif kind == "wheels":
            source = WheelSource(self._texts("names", _WHEEL), self._text("version", _VERSION), self._text("member"))
        elif kind == "local":
            source = LocalSource(self._absolute("path"))
        else:
            raise self._wrong("kind", f"is {kind!r}; hub, wheels and local are known")
        self._end()
        return source

    def _sources(self) -> tuple[Source, ...]:
        tables: Any = self._table.pop("source", None)
        if not isinstance(tables, list) or not tables:
            raise self._wrong("source", "must name at least one")
        sources = tuple(_Table(table, f"{self._where}, source {n}").source() for n, table in enumerate(tables, 1))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if len(sources) > 1 and any(isinstance(source, LocalSource) for source in sources):
            raise self._wrong("source", "must be the only one if it is local")
        return sources

    def _text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._table.pop(key, None)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "must be a text")
        if not value.isprintable() or (pattern and not pattern.fullmatch(value)):
            raise self._wrong(key, f"cannot be {value!r}")
        return value

    def _texts(self, key: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
        value: Any = self._table.pop(key, None)
        if not isinstance(value, list) or not value:
            raise self._wrong(key, "must be a list of texts")
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            if not isinstance(item, str) or not pattern.fullmatch(item):
                raise self._wrong(key, f"cannot hold {item!r}")
        return tuple(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    def _whole(self, key: str) -> int:
        value = self._table.pop(key, None)
        if type(value) is not int or not 0 < value < _LARGEST:
            raise self._wrong(key, "must be a positive whole number")
        return value

    def _gigabytes(self, key: str) -> float:
        value = self._table.pop(key, None)
        if type(value) not in (int, float) or not math.isfinite(value) or not 0 < value < _LARGEST:
            raise self._wrong(key, "must be a positive number")
        return float(value)

    def _absolute(self, key: str) -> Path:
        path = Path(self._text(key))
        if not path.is_absolute():
            raise self._wrong(key, f"must be an absolute path, not {str(path)!r}")
        return path

    def _end(self) -> None:
        if self._table:
            raise self._wrong(next(iter(self._table)), "is not known")

    def _wrong(self, key: str, what: str) -> BadRegistry:
        return BadRegistry(f"{self._where}: `{key}` {what}")
