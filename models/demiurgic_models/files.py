"""Putting files in their places so that nobody ever meets half of one."""

import os
from contextlib import suppress
from pathlib import Path


def write_beside(path: Path, text: str) -> None:
    """Write a small file: beside its place first, then moved there. Not for two writers at once."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, "utf-8")
    put(beside, path)


def put(file: Path, path: Path) -> None:
    """Move a finished file to its place, where it survives a power cut."""
    sync(file)
    file.replace(path)
    if os.name == "posix":
        sync(path.parent)


def sync(path: Path) -> None:
    """Make sure that what was written is on the disk."""
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """The same for all that lies in a folder, and for the names of it."""
    for each in (*folder.rglob("*"), folder):
        if each.is_file() or os.name == "posix":
            sync(each)


class Appended:
    """A file that is only ever appended to: each time wholly or not at all, and on the disk when that is done.

    Methods raise OSError. It is for one process at a time, which has to see to that itself.
    """

    def __init__(self, path: Path, end: int, mode: int = 0o666) -> None:
        """Open it, or make it. What stands behind `end` was left by a crash: the first append cuts it off."""
        fresh = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), mode)
        self._end = end
        if fresh and os.name == "posix":
            sync(path.parent)

    def append(self, data: bytes) -> None:
        """Write so that it outlives a power cut."""
        try:
            self._write(data)
        except OSError:
            with suppress(OSError):  # what cannot be cut off now is cut off by the next append, or on the next opening
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        if os.fstat(self._file).st_size != self._end:
            os.ftruncate(self._file, self._end)
        os.lseek(self._file, self._end, os.SEEK_SET)
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)
