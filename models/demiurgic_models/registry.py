"""Which models are known by name: the shipped registry.toml, and files of the user's own that add to it or replace."""

import difflib
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from filelock import FileLock

from demiurgic_models.entries import Entry, HubSource, LocalSource, Source, WheelSource
from demiurgic_models.errors import BadRegistry, UnknownModel
from demiurgic_models.files import write_beside
from demiurgic_models.reading import read_small
from demiurgic_models.registry_fields import read_entries

DEFAULT_MODEL = "qwen2.5-coder-1.5b"


def load_registry(extra: Iterable[Path] = ()) -> dict[str, Entry]:
    """All entries by name. Files of the user's own add to the shipped ones and replace those of the same name."""
    shipped = files("demiurgic_models").joinpath("registry.toml").read_text("utf-8")
    entries = parse_registry(shipped, "registry.toml")
    for path in extra:
        entries |= _read(path)
        _check_files(entries.values(), str(path))
    return entries


def find(entries: Mapping[str, Entry], name: str) -> Entry:
    """The entry of this name. Raises UnknownModel, naming the nearest."""
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name.lower(), entries, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "demiurgic models list"
    raise UnknownModel(f"there is no model named {name!r}", hint)


def register(entry: Entry, path: Path) -> None:
    """Add an entry to a registry file of the user's own, replacing one of the same name. The file is never half there.

    The file is written anew: comments in it are lost. Raises BadRegistry before anything is written if the file or the
    entry is wrong.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        entries = _read(path) if path.exists() else {}
        entries[entry.name] = entry
        text = "\n".join(_toml(one) for one in entries.values())
        parse_registry(text, str(path))
        write_beside(path, text)


def parse_registry(text: str, where: str) -> dict[str, Entry]:
    """Entries by name. Raises BadRegistry naming the file, the entry and the field."""
    entries: dict[str, Entry] = {}
    for entry in read_entries(text, where):
        if entry.name in entries:
            raise BadRegistry(f"{where} names {entry.name} twice")
        entries[entry.name] = entry
    _check_files(entries.values(), where)
    return entries


def _read(path: Path) -> dict[str, Entry]:
    try:
        text = read_small(path)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRegistry(f"{path} cannot be read: {error}") from error
    return parse_registry(text, str(path))


def _check_files(entries: Iterable[Entry], where: str) -> None:
    """Two models in one file would overwrite and remove each other's weights."""
    owners: dict[str, str] = {}
    for entry in entries:
        if entry.own_file is None and owners.setdefault(entry.file.lower(), entry.name) != entry.name:
            raise BadRegistry(f"{where}: {owners[entry.file.lower()]} and {entry.name} have the same file {entry.file}")


def _toml(entry: Entry) -> str:
    plain = ("name", "family", "dialect", "parameters", "quantisation", "file", "bytes", "sha256", "licence")
    fields = {field: getattr(entry, field) for field in (*plain, "context", "ram")}
    lines = ["[[model]]", *(_line(field, value) for field, value in fields.items() if value is not None)]
    for source in entry.sources:
        lines += ["[[model.source]]", *(_line(field, value) for field, value in _source_fields(source).items())]
    return "\n".join(lines) + "\n"


def _source_fields(source: Source) -> dict[str, object]:
    match source:
        case HubSource():
            return {"kind": "hub", "repository": source.repository, "revision": source.revision}
        case WheelSource():
            return {"kind": "wheels", "names": source.names, "version": source.version, "member": source.member}
        case LocalSource():
            return {"kind": "local", "path": str(source.path)}


def _line(field: str, value: object) -> str:
    # Printable texts, numbers and lists of texts are spelled in JSON as in TOML.
    return f"{field} = {json.dumps(value, ensure_ascii=False)}"
