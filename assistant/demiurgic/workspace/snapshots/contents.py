"""Reading files of the workspace and naming their bytes as git does."""

import hashlib
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from demiurgic.workspace.snapshots.memory import rested, signs
from demiurgic.workspace.snapshots.scan import Tree

_PIECE = 1 << 20
_TRIES = 3


class Changing(Exception):
    """A file was written to while it was read."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, held in memory if they are few, and what the file was like when they were read."""

    blob: str
    size: int
    status: os.stat_result
    at_rest: bool
    """Whether any later write will show in the file's times."""
    data: bytes | None


def read_content(tree: Tree, path: str, status: os.stat_result, keep: int) -> Content:
    """Read a file or the target of a link; no more than `keep` bytes stay in memory.

    Raises OSError if it is gone or forbidden, Changing if it does not rest.
    """
    for _ in range(_TRIES):
        try:
            return _read_link(tree, path) if stat.S_ISLNK(status.st_mode) else _read_file(tree, path, keep)
        except Changing:
            continue
    raise Changing


def pieces(tree: Tree, path: str, content: Content) -> Iterator[bytes]:
    """The bytes of a content again. Raises Changing if they are not the same any more."""
    if content.data is not None:
        yield content.data
        return
    digest = hashlib.sha1(_head(content.size), usedforsecurity=False)
    with _opened(tree, path) as file:
        for piece in _exactly(file, content.size):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != content.blob:
        raise Changing


def _read_link(tree: Tree, path: str) -> Content:
    with tree.folder_of(path) as (fd, name):
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        target = os.fsencode(os.readlink(name, dir_fd=fd))
    digest = hashlib.sha1(_head(len(target)) + target, usedforsecurity=False)
    return Content(digest.hexdigest(), len(target), status, rested(status), target)


def _read_file(tree: Tree, path: str, keep: int) -> Content:
    with _opened(tree, path) as file:
        before = os.fstat(file.fileno())
        at_rest = rested(before)
        digest, kept = hashlib.sha1(_head(before.st_size), usedforsecurity=False), list[bytes]()
        for piece in _exactly(file, before.st_size):
            digest.update(piece)
            if before.st_size <= keep:
                kept.append(piece)
        after = os.fstat(file.fileno())
    if not stat.S_ISREG(before.st_mode) or signs(before) != signs(after):
        raise Changing
    data = b"".join(kept) if before.st_size <= keep else None
    return Content(digest.hexdigest(), before.st_size, before, at_rest, data)


def _exactly(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(size, _PIECE))
        if not piece:
            raise Changing
        size -= len(piece)
        yield piece


def _head(size: int) -> bytes:
    return b"blob %d\0" % size


@contextmanager
def _opened(tree: Tree, path: str) -> Generator[BinaryIO]:
    with os.fdopen(tree.open(path), "rb") as file:
        yield file
