"""What is known of the workspace since the latest snapshot, so that only what changed is read again.

Losing it costs time and nothing else. A file counts as unchanged if its size, its times, its inode and its mode are
what they were, and if it had rested long enough for a later write to show in its times.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from demiurgic.workspace.snapshots.state import Kept
from demiurgic_models.files import write_beside

_VERSION = 1
_SECOND = 1_000_000_000
_FINE, _COARSE = _SECOND // 20, 2 * _SECOND + _SECOND // 10
"""How long a file must have rested, on file systems with fine and with coarse clocks."""

Signs: TypeAlias = tuple[int, int, int, int, int]


def signs(status: os.stat_result) -> Signs:
    """By what a change would show."""
    return status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def rested(status: os.stat_result, now: int | None = None) -> bool:
    """Whether a write from now on would show in the file's times."""
    latest = max(status.st_mtime_ns, status.st_ctime_ns)
    fine = status.st_mtime_ns % 1000 or status.st_ctime_ns % 1000
    return latest + (_FINE if fine else _COARSE) < (time.time_ns() if now is None else now)


@dataclass(frozen=True, slots=True)
class Memory:
    """The latest snapshot, its tree, and its files with the signs they had."""

    snapshot: str = ""
    tree: str = ""
    about: str = ""
    files: Mapping[str, Kept] = field(default_factory=dict[str, Kept])
    signs: Mapping[str, Signs] = field(default_factory=dict[str, Signs])
    """Only of files whose changes would show."""

    def known(self, path: str, status: os.stat_result) -> Kept | None:
        """What the file holds, if it did not change."""
        return self.files[path] if self.signs.get(path) == signs(status) else None


def load_memory(path: Path) -> Memory:
    """What was saved; nothing where it cannot be read."""
    try:
        held: Any = json.loads(path.read_text("utf-8"))
        if held["version"] != _VERSION:
            return Memory()
        return Memory(
            snapshot=held["snapshot"],
            tree=held["tree"],
            about=held["about"],
            files={name: Kept(int(mode), str(blob)) for name, (mode, blob, _) in held["files"].items()},
            signs={name: tuple(seen) for name, (_, _, seen) in held["files"].items() if seen},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Memory()


def save_memory(path: Path, memory: Memory) -> None:
    """Write it, whole or not at all."""
    files = {name: (kept.mode, kept.blob, memory.signs.get(name)) for name, kept in memory.files.items()}
    held = {
        "version": _VERSION,
        "snapshot": memory.snapshot,
        "tree": memory.tree,
        "about": memory.about,
        "files": files,
    }
    write_beside(path, json.dumps(held))
