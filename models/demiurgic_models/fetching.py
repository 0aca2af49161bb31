"""What a pull and its sources tell each other. Plain values; nothing is fetched here."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demiurgic_models.registry import Entry


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
    """One try at one source."""

    entry: Entry
    part: Path
    options: PullOptions
    report: Report


def sync(path: Path) -> None:
    """Make sure that what was written is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
