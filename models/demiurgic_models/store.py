"""Where model files lie, and which of them are present and whole.

A file counts as whole once its checksum was verified; that is noted in a small file beside it, together with the
size and time by which a later change would show.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demiurgic_models.errors import UserError
from demiurgic_models.registry import Entry, LocalSource

_BLOCK = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of model files."""

    folder: Path

    def path(self, entry: Entry) -> Path:
        """Where the model's file lies or will lie."""
        first = entry.sources[0]
        return first.path if isinstance(first, LocalSource) else self.folder / entry.file

    def part(self, entry: Entry) -> Path:
        """Where it grows while it is fetched."""
        return self.folder / f"{entry.file}.part"

    def has(self, entry: Entry) -> bool:
        """Whether the file is there and was verified, and has not changed since."""
        path = self.path(entry)
        if isinstance(entry.sources[0], LocalSource):
            return path.is_file()
        try:
            note: dict[str, Any] = json.loads(self._note(entry).read_text("utf-8"))
            status = path.stat()
        except (OSError, ValueError):
            return False
        same = note.get("size") == status.st_size and note.get("changed") == status.st_mtime_ns
        return same and (entry.sha256 is None or note.get("sha256") == entry.sha256)

    def mark_whole(self, entry: Entry, checksum: str) -> None:
        """Note that the file was verified."""
        status = self.path(entry).stat()
        note = {"size": status.st_size, "changed": status.st_mtime_ns, "sha256": checksum}
        beside = self._note(entry).with_suffix(".new")
        beside.write_text(json.dumps(note), "utf-8")
        beside.replace(self._note(entry))

    def remove(self, entry: Entry) -> int:
        """Delete what was fetched for this model, finished or not. Returns the bytes that became free."""
        if isinstance(entry.sources[0], LocalSource):
            raise UserError(f"{entry.name} is a file of your own", f"delete {self.path(entry)} yourself")
        freed = 0
        for path in (self.path(entry), *self.folder.glob(f"{entry.file}.*")):
            if path.is_file() or path.is_symlink():
                freed += path.lstat().st_size
                path.unlink()
        return freed

    def _note(self, entry: Entry) -> Path:
        return self.folder / f"{entry.file}.whole"


def checksum(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """The sha256 of a file, read in blocks."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            progress(done)
    return digest.hexdigest()
