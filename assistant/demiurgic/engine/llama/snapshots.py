"""Evaluated prefixes as bytes: in memory up to a budget, then on disk up to another, the least used go first.

A cache, not a promise: anything in it may be gone, and what cannot be read is treated as gone. Sizes are true
bytes: what is counted is what is held.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from demiurgic.engine.llama.snapshot_file import Snapshot, SnapshotError, read_head, read_snapshot, write_snapshot

AdapterKey: TypeAlias = tuple[tuple[str, float], ...]

_STALE = 3600.0
"""Seconds after which nobody writes at a file any more."""


@dataclass(slots=True)
class _Entry:
    tokens: tuple[int, ...]
    adapters: AdapterKey
    size: int
    blob: bytes | None
    file: Path | None = None


class SnapshotStore:
    """Snapshots of one model, found by their tokens."""

    def __init__(self, fingerprint: str, memory: int, disk: int = 0, folder: Path | None = None) -> None:
        self._fingerprint, self._memory, self._disk = fingerprint, memory, disk
        self._folder = folder / fingerprint if folder and disk else None
        self._entries: OrderedDict[tuple[AdapterKey, tuple[int, ...]], _Entry] = OrderedDict()
        self.memory_bytes = 0
        self.disk_bytes = 0
        if self._folder:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._index(self._folder)

    def best(self, tokens: Sequence[int], adapters: AdapterKey, *, whole: bool) -> tuple[int, tuple[int, ...]]:
        """How many of these tokens the best snapshot knows, and its own tokens.

        With `whole` only snapshots count that lie wholly within the tokens.
        """
        best = (0, ())
        for key_adapters, known in self._entries:
            if key_adapters != adapters:
                continue
            common = shared_length(known, tokens)
            if common > best[0] and (not whole or common == len(known)):
                best = (common, known)
        return best

    def put(self, tokens: Sequence[int], adapters: AdapterKey, blob: bytes) -> None:
        """Keep a snapshot as long as there is room for it."""
        key = (adapters, tuple(tokens))
        self._drop(key)
        if len(blob) > self._memory and not self._folder:
            return
        self._entries[key] = _Entry(key[1], adapters, len(blob), blob)
        self.memory_bytes += len(blob)
        self._shrink_memory()

    def get(self, tokens: tuple[int, ...], adapters: AdapterKey) -> bytes | None:
        """The bytes of a snapshot that `best` named; None if they can no longer be had."""
        entry = self._entries.get((adapters, tokens))
        if entry is None:
            return None
        self._entries.move_to_end((adapters, tokens))
        if entry.blob is not None:
            return entry.blob
        try:
            assert entry.file is not None
            return read_snapshot(entry.file, self._fingerprint).blob
        except (OSError, SnapshotError):
            self._drop((adapters, tokens))
            return None

    def flush(self) -> None:
        """Write to disk what is worth keeping for the next run, newest last."""
        if self._folder:
            for entry in list(self._entries.values()):
                if entry.blob is not None:
                    self._to_disk(entry)

    def _shrink_memory(self) -> None:
        held = [entry for entry in self._entries.values() if entry.blob is not None]
        for entry in held:
            if self.memory_bytes <= self._memory:
                return
            if not (self._folder and self._to_disk(entry)):
                self._drop((entry.adapters, entry.tokens))

    def _to_disk(self, entry: _Entry) -> bool:
        assert self._folder is not None
        if entry.blob is None or entry.size > self._disk:
            return False
        self._shrink_disk(self._disk - entry.size)
        file = self._folder / f"{_name(entry)}.kv"
        try:
            write_snapshot(file, Snapshot(self._fingerprint, entry.tokens, entry.adapters, entry.blob))
        except OSError:  # a full disk costs the cache an entry and nobody anything else
            return False
        self.memory_bytes -= entry.size
        self.disk_bytes += entry.size
        entry.blob, entry.file = None, file
        return True

    def _shrink_disk(self, budget: int) -> None:
        for key, entry in list(self._entries.items()):
            if self.disk_bytes <= budget:
                return
            if entry.file is not None:
                self._drop(key)

    def _drop(self, key: tuple[AdapterKey, tuple[int, ...]]) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        if entry.blob is not None:
            self.memory_bytes -= entry.size
        elif entry.file is not None:
            self.disk_bytes -= entry.size
            entry.file.unlink(missing_ok=True)

    def _index(self, folder: Path) -> None:
        """Know again what earlier runs left, oldest first. What one that was killed did not finish goes."""
        for left in folder.glob("*.part"):
            with suppress(FileNotFoundError):  # another process has finished it, or cleared it away
                if time.time() - left.stat().st_mtime > _STALE:
                    left.unlink()
        for file in sorted(folder.glob("*.kv"), key=_written):
            try:
                head = read_head(file, self._fingerprint)
            except (OSError, SnapshotError):
                file.unlink(missing_ok=True)
                continue
            self._entries[(head.adapters, head.tokens)] = _Entry(head.tokens, head.adapters, head.size, None, file)
            self.disk_bytes += head.size
        self._shrink_disk(self._disk)


def shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    size = min(len(one), len(other))
    low, high = 0, size
    while low < high:  # halving over slices: comparing them runs at the speed of C
        middle = (low + high + 1) // 2
        if list(one[low:middle]) == list(other[low:middle]):
            low = middle
        else:
            high = middle - 1
    return low


def _written(file: Path) -> float:
    """When it was written; the oldest of all where another process has just dropped it."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _name(entry: _Entry) -> str:
    return hashlib.sha256(repr((entry.adapters, entry.tokens)).encode()).hexdigest()[:32]
