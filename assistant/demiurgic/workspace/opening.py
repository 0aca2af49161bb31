"""Opens what lies beneath one folder, and nothing else, whatever happens to the folders meanwhile.

The kernel resolves each path in one step that no link can lead astray (openat2); where it cannot, every folder is
opened by itself from the one before it, and none of them may be a link. Neither way ever goes through a link.
"""

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Iterator
from typing import ClassVar

_OPENAT2 = 437  # the same on every architecture
_NO_MAGIC_LINKS, _NO_LINKS, _BENEATH = 0x02, 0x04, 0x08
_LONGEST = 4000
"""Bytes of a path that the kernel takes at once, with some to spare. Longer ones are opened piece by piece."""
_PATIENCE = 100
FOLDER = os.O_RDONLY | os.O_DIRECTORY


class _How(ctypes.Structure):
    _fields_: ClassVar = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def open_beneath(folder: int, path: str, flags: int, *, walk: bool) -> int:
    """Open `path`, which has no `.` and no `..`, beneath an open folder. The caller closes what it gets.

    Raises OSError: ELOOP or ENOTDIR where a link stands in the way. `walk` does without openat2.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW
    pieces = path.split("/") if walk else list(_pieces(path))
    here = os.dup(folder)
    for number, piece in enumerate(pieces):
        wanted = flags if number == len(pieces) - 1 else FOLDER | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            there = os.open(piece or ".", wanted, dir_fd=here) if walk else _openat2(here, piece or ".", wanted)
        finally:
            os.close(here)
        here = there
    return here


def kernel_can(folder: int) -> bool:
    """Whether openat2 works here: some kernels lack it, and some sandboxes forbid it."""
    if sys.platform != "linux":
        return False
    try:
        os.close(_openat2(folder, ".", FOLDER | os.O_CLOEXEC))
    except OSError:
        return False
    return True


class Trail:
    """The folder that was opened last, so that the next one below it is one step away however deep it lies."""

    def __init__(self, root: int, *, walk: bool) -> None:
        self._root, self._walk = root, walk
        self._path, self._fd = "", os.dup(root)

    def enter(self, path: str) -> int:
        """Open a folder, as its path from the root. The trail closes it."""
        start, rest = self._root, path
        if path.startswith(f"{self._path}/"):
            start, rest = self._fd, path[len(self._path) + 1 :]
        fd = open_beneath(start, rest, FOLDER, walk=self._walk)
        os.close(self._fd)
        self._path, self._fd = path, fd
        return fd

    def close(self) -> None:
        os.close(self._fd)


def _openat2(folder: int, path: str, flags: int) -> int:
    how = _How(flags=flags, mode=0, resolve=_BENEATH | _NO_MAGIC_LINKS | _NO_LINKS)
    for _ in range(_PATIENCE):
        fd = _libc().syscall(_OPENAT2, folder, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if fd >= 0:
            return fd
        if ctypes.get_errno() not in (errno.EAGAIN, errno.EINTR):  # EAGAIN: something was moved while it looked
            break
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _pieces(path: str) -> Iterator[str]:
    piece = b""
    for name in os.fsencode(path).split(b"/"):
        longer = piece + b"/" + name if piece else name
        if len(longer) > _LONGEST and piece:
            yield os.fsdecode(piece)
            longer = name
        piece = longer
    yield os.fsdecode(piece)
