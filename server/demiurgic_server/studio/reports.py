"""What evaluations and exports left in their folders, found again and read for the page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demiurgic_server.problems import Refused
from demiurgic_server.studio.grounds import Grounds
from demiurgic_server.studio.reading import as_object, parsed

_LARGEST = 8 << 20
_MARKS = {
    "humaneval": ("report.json", "manifest.json"),
    "intents": ("evaluation_results.json", "detailed_analysis.json"),
}
"""A folder is of a kind where all of these files are in it."""
_CERTIFICATES = (".certificate.json", ".failed.json")
"""Beside what was exported: one for each name."""
_SHOWN = re.compile(r".+\.(json|md|gguf|Modelfile)")


@dataclass(frozen=True, slots=True)
class Found:
    """A folder with a report in it."""

    kind: str
    folder: str
    """Or its certificate, of an export."""
    changed: float
    summary: dict[str, Any]
    """What its first file says; nothing where it is no report."""


@dataclass(frozen=True, slots=True)
class Whole:
    """All that is read of one folder."""

    kind: str
    folder: str
    files: dict[str, Any]
    """What JSON and Markdown files hold, by their names; and the bytes of models."""


def all_reports(grounds: Grounds) -> list[Found]:
    """Of all kinds, the latest first."""
    found = [
        _found(grounds, kind, folder, folder / marks[0])
        for kind, marks in _MARKS.items()
        for folder in grounds.folders(*marks)
    ]
    found += [_found(grounds, "export", file, file) for file in grounds.files(*_CERTIFICATES)]
    return sorted(found, key=lambda each: each.changed, reverse=True)


def _found(grounds: Grounds, kind: str, place: Path, first: Path) -> Found:
    status = first.stat()
    summary = as_object(first.read_bytes()) if status.st_size <= _LARGEST else {}
    return Found(kind, grounds.shown(place), status.st_mtime, summary)


def one_report(grounds: Grounds, name: str) -> Whole:
    """One of them. Raises Refused."""
    folder = grounds.there(name)
    if folder.name.endswith(_CERTIFICATES):
        return _export(grounds, folder)
    kinds = (kind for kind, marks in _MARKS.items() if all((folder / mark).is_file() for mark in marks))
    kind = next(kinds, None)
    if kind is None:
        raise Refused(404, f"there is no report in {name!r}", "choose one of the list")
    return _whole(grounds, kind, folder, (each for each in folder.iterdir() if _SHOWN.fullmatch(each.name)))


def _export(grounds: Grounds, certificate: Path) -> Whole:
    """A certificate with the files of the same name beside it."""
    name = certificate.name.removesuffix(next(each for each in _CERTIFICATES if certificate.name.endswith(each)))
    own = {certificate, *(certificate.with_name(f"{name}{ending}") for ending in (".md", ".Modelfile"))}
    own |= set(certificate.parent.glob(f"{re.sub(r'[^a-z0-9._-]', '?', name)}-*.gguf"))
    return _whole(grounds, "export", certificate, own)


def _whole(grounds: Grounds, kind: str, place: Path, files: Iterable[Path]) -> Whole:
    read = {file.name: _read(file) for file in sorted(files) if file.is_file() and grounds.holds(file.resolve())}
    return Whole(kind, grounds.shown(place), read)


def _read(file: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    size = file.stat().st_size
    if file.suffix == ".gguf" or size > _LARGEST:
        return size
    text = file.read_text("utf-8", "replace")
    if file.suffix != ".json":
        return text
    try:
        return parsed(text)
    except ValueError:
        return text
