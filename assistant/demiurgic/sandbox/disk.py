"""How much a run has written to folders that it shares with this machine, watched while it runs.

The file system's own count of what is free costs nothing to read. When it shrinks, and in any case now and then, the
files are looked at that changed since the run began; so other programs that fill the disk, or clear it, harm nobody.
Files without a name are not found, and a fast writer passes its limit by what it writes between two looks.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demiurgic.sandbox.protocol import Limits, Status

_DEEPEST = 200
_LOOK_EVERY = 1.0
_SHARE = 0.05
"""Of the time, at most so much is spent on looks for which there was no reason."""
_BLOCK = 512
_COARSE = 0.02
"""Seconds by which the clock of files may be behind."""


@dataclass(frozen=True, slots=True)
class Use:
    """Bytes and files, folders included."""

    bytes: int = 0
    files: int = 0


@dataclass(slots=True)
class Disk:
    """Watches some folders from the moment that it is made."""

    folders: Sequence[Path]
    limits: Limits
    _since: float = field(default_factory=lambda: time.time() - _COARSE)
    _free: dict[Path, Use] = field(default_factory=dict[Path, Use])
    _next_look: float = field(default_factory=lambda: time.monotonic() + _LOOK_EVERY)

    def __post_init__(self) -> None:
        self._free = {folder: _free(folder) for folder in self.folders}

    def check(self) -> Status | None:
        """Whether the folders have taken more than they may."""
        return self.examine() if self._suspicious() else None

    def examine(self) -> Status | None:
        """The same, looking at the files in any case."""
        began = time.monotonic()
        used = [changed(folder, self._since, self.limits.files) for folder in self.folders]
        self._free = {folder: _free(folder) for folder in self.folders}
        ended = time.monotonic()
        self._next_look = ended + max(_LOOK_EVERY, (ended - began) / _SHARE)
        if sum(use.bytes for use in used) > self.limits.disk or sum(use.files for use in used) > self.limits.files:
            return Status.DISK_LIMIT
        return None

    def _suspicious(self) -> bool:
        if time.monotonic() > self._next_look:
            return True
        for folder, before in self._free.items():
            now = _free(folder)
            if before.bytes - now.bytes > self.limits.disk // 4 or before.files - now.files > self.limits.files // 4:
                return True
        return False


def changed(folder: Path, since: float, most: int) -> Use:
    """What the files hold that changed since then. Stops where there are more than `most`; folders nested deeper than
    anybody nests them count as more."""
    total, files = 0, 0
    waiting = [(folder, 0)]
    while waiting and files <= most:
        place, depth = waiting.pop()
        if depth > _DEEPEST:
            return Use(total, most + 1)
        try:
            entries = list(os.scandir(place))
        except PermissionError:
            if place.lstat().st_ctime >= since:  # closed by the run, so that nobody sees what it holds
                return Use(total, most + 1)
            continue
        except OSError:  # gone meanwhile
            continue
        for entry in entries:
            facts = _stat(entry)
            if facts is None:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((Path(entry.path), depth + 1))
            if facts.st_ctime >= since:
                total, files = total + facts.st_blocks * _BLOCK, files + 1
    return Use(total, files)


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def _free(folder: Path) -> Use:
    try:
        facts = os.statvfs(folder)
    except FileNotFoundError:  # a program that nothing confines has moved it
        return Use()
    return Use(facts.f_bfree * facts.f_frsize, facts.f_ffree)
