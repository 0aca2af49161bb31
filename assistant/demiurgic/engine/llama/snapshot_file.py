"""A snapshot in a file: whole or not there at all, and never taken for another model's.

Layout: magic, length of the head, head (JSON), then the blob. The head names the model, the tokens and the
blob's checksum.
"""

import hashlib
import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_MAGIC = b"DMKV0001"
_LENGTH = struct.Struct("<Q")
_LONGEST_HEAD = 64 * 2**20


class SnapshotError(ValueError):
    """The file is no snapshot of this model, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a model knew after these tokens."""

    fingerprint: str
    tokens: tuple[int, ...]
    adapters: tuple[tuple[str, float], ...]
    blob: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """All of a snapshot but its bytes."""

    tokens: tuple[int, ...]
    adapters: tuple[tuple[str, float], ...]
    size: int
    checksum: str


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write beside, sync, rename: a crash or a full disk leaves the old file or none."""
    head = json.dumps(
        {
            "model": snapshot.fingerprint,
            "tokens": snapshot.tokens,
            "adapters": snapshot.adapters,
            "size": len(snapshot.blob),
            "sha256": hashlib.sha256(snapshot.blob).hexdigest(),
        }
    ).encode()
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(_MAGIC + _LENGTH.pack(len(head)) + head)
            file.write(snapshot.blob)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_head(path: Path, fingerprint: str) -> Head:
    """What the file says it holds. Raises SnapshotError."""
    with path.open("rb") as file:
        head = _head(file, path, fingerprint)
        held = path.stat().st_size - file.tell()
    if held != head.size:
        raise SnapshotError(f"{path} holds {held} bytes of state instead of {head.size}")
    return head


def read_snapshot(path: Path, fingerprint: str) -> Snapshot:
    """The whole snapshot, checked. Raises SnapshotError."""
    with path.open("rb") as file:
        head = _head(file, path, fingerprint)
        blob = file.read(head.size + 1)
    if len(blob) != head.size or hashlib.sha256(blob).hexdigest() != head.checksum:
        raise SnapshotError(f"{path} is damaged")
    return Snapshot(fingerprint, head.tokens, head.adapters, blob)


def _head(file: BinaryIO, path: Path, fingerprint: str) -> Head:
    start = file.read(len(_MAGIC) + _LENGTH.size)
    if len(start) < len(_MAGIC) + _LENGTH.size or not start.startswith(_MAGIC):
        raise SnapshotError(f"{path} is not a saved model state")
    (length,) = _LENGTH.unpack(start[len(_MAGIC) :])
    if length > _LONGEST_HEAD:
        raise SnapshotError(f"{path} has an impossible head")
    try:
        fields: dict[str, Any] = json.loads(file.read(length))
        head = Head(
            tuple(int(token) for token in fields["tokens"]),
            tuple((str(name), float(scale)) for name, scale in fields["adapters"]),
            int(fields["size"]),
            str(fields["sha256"]),
        )
        model = fields["model"]
    except (ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"{path} has an unreadable head") from error
    if model != fingerprint:
        raise SnapshotError(f"{path} was saved from another model")
    return head
