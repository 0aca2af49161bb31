"""What a pull and its sources tell each other. Plain values; nothing is fetched here."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demiurgic_models.entries import Entry
from demiurgic_models.errors import DiskFull

SPARE = 64 * 2**20
"""Room that stays free on the disk."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull has come. `total` is None where nobody has said."""

    source: str
    done: int
    total: int | None
    verifying: bool = False


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class PullOptions:
    """How to reach the sources. `environment` is what pip sees."""

    offline: bool = False
    mirror: str | None = None
    hub_endpoint: str | None = None
    token: str | None = None
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fetching:
    """One try at one source, which grows `part` unless it has the whole file elsewhere."""

    entry: Entry
    part: Path
    options: PullOptions
    report: Report


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole file: where it lies, the sha256 that its source vouches for, and the one it has, if either is known."""

    path: Path
    vouched: str | None = None
    found: str | None = None


def ensure_room(folder: Path, missing: int, name: str) -> None:
    """Raise DiskFull if so many more bytes will not fit into the folder."""
    free = shutil.disk_usage(folder).free
    if free < missing + SPARE:
        raise DiskFull(
            f"{name} needs {(missing + SPARE) / 1e9:.1f} GB more; {folder} has {free / 1e9:.1f} GB left",
            "free some space, or set models_dir to another disk",
        )
