"""What an export takes of the disk and of the memory: said and checked before anything is merged, asked or written.

The exact file and smaller ones are written tensor by tensor, and llama.cpp maps them. Only the checkpoint, while it is
asked in F32, is in memory as a whole.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from demiurgic.errors import DiskFull, WorkError
from demiurgic_training.exporting.wish import Quantisation

_BITS = {
    Quantisation.F32: 0.0,  # the exact file, which is counted anyway
    Quantisation.F16: 16.0,
    Quantisation.BF16: 16.0,
    Quantisation.Q8_0: 8.5,
    Quantisation.Q6_K: 6.6,
    Quantisation.Q5_K_M: 5.7,
    Quantisation.Q4_K_M: 4.9,
    Quantisation.Q4_0: 4.6,
}
_EXACT = 32.0
_ANSWERS = 1.05
"""What the checkpoint needs beside its weights to answer, as a factor."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that must be free: on the disk of the export while it is made, and in memory when there is most."""

    disk: int
    memory: int

    def __str__(self) -> str:
        return f"{size(self.disk)} of the disk while it is made, and {size(self.memory)} of memory"


def room_for(parameters: int, forms: tuple[Quantisation, ...], *, merged: int = 0) -> Room:
    """What an export of so many parameters takes, if so many bytes of merged weights are written beside it."""
    files = parameters * (_EXACT + sum(_BITS[form] for form in forms)) / 8
    return Room(merged + int(files), int(parameters * _EXACT / 8 * _ANSWERS))


def check_room(needed: Room, folder: Path) -> None:
    """Raises DiskFull or WorkError where the folder's disk or this machine's memory cannot hold that. The folder need
    not be there yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    disk, memory = shutil.disk_usage(there).free, psutil.virtual_memory().available
    if disk < needed.disk:
        raise DiskFull(
            f"exporting needs {size(needed.disk)} below {folder}, and {size(disk)} are free",
            "make room, or name a folder on another disk: --out DIR",
        )
    if memory < needed.memory:
        raise WorkError(
            f"exporting asks the checkpoint in F32, which takes {size(needed.memory)} of memory, and {size(memory)} "
            "are free",
            "close other programs, or export on a machine with more",
        )


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
