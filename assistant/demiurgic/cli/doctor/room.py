"""Memory, disk, and the folders in which things are kept."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from demiurgic.cli.doctor.finding import Finding
from demiurgic.config import Settings

_LIMIT = Path("/sys/fs/cgroup/memory.max")
_LITTLE_MEMORY = 1e9
_LITTLE_DISK = 2e9


def look(settings: Settings) -> Iterator[Finding]:
    """How much there is of each, and only what is wrong with folders."""
    yield memory(_LIMIT)
    yield _disk(settings.models_dir)
    for name in ("state_dir", "cache_dir", "models_dir"):
        folder: Path = getattr(settings, name)
        there = _existing(folder)
        if not there.is_dir() or not os.access(there, os.W_OK):
            advice = f"set {name} to a folder that you can write to"
            says = f"{folder} cannot be written"
            yield Finding("folders", False, says, advice=advice, needed=name == "state_dir")


def memory(limit: Path) -> Finding:
    """What this process may have: a container's share, where it has one."""
    here = psutil.virtual_memory()
    total, free = here.total, here.available
    says = f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB free; {psutil.cpu_count()} cores"
    if (share := _number(limit)) is not None and share < total:
        says = f"{share / 1e9:.1f} GB of the machine's {total / 1e9:.1f}; {psutil.cpu_count()} cores"
        free = min(free, share)
    advice = "close some programs, or choose a smaller model: demiurgic models recommend"
    return Finding("memory", free > _LITTLE_MEMORY, says, advice=advice)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):  # there is none, or it is `max`
        return None


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    says = f"{free / 1e9:.1f} GB free in {folder}"
    return Finding("disk", free > _LITTLE_DISK, says, advice="delete something: demiurgic models remove NAME")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
