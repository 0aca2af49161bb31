"""Puts a file in place so that it is never half there: written beside, flushed to disk, renamed.

Whoever is killed meanwhile leaves what was written beside. It is known by its name and by a lock that ends with its
writer; where a file system has no such locks, it stays.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.listing import kind_name
from demiurgic.workspace.shown import visible_name

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_BESIDE = ".demiurgic-"
_UNFINISHED = re.compile(re.escape(_BESIDE) + r"[0-9a-f]{16}")


def replace_file(folder: int, name: str, data: bytes) -> None:
    """Create or replace the file `name` in an open folder. Anything there but a file is refused."""
    before = _before(folder, name)
    fd, beside = _begun(folder)
    try:
        with os.fdopen(fd, "wb") as file:
            if before:
                _resemble(fd, before)
            file.write(data)
            file.flush()
            os.fsync(fd)
            os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)
        raise
    os.fsync(folder)


def is_unfinished(name: str) -> bool:
    """Whether a file is named like one that is written beside its place."""
    return _UNFINISHED.fullmatch(name) is not None


def clear_unfinished(folder: int, name: str) -> None:
    """Delete such a file of an open folder if whoever wrote it is dead. Raises OSError where that cannot be done."""
    fd = os.open(name, _OLD, dir_fd=folder)
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its writer holds this for as long as it lives
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(fd)


def _begun(folder: int) -> tuple[int, str]:
    """A new file, locked while it is open."""
    while True:
        name = f"{_BESIDE}{secrets.token_hex(8)}"
        fd = os.open(name, _NEW, 0o666, dir_fd=folder)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            cleared = os.fstat(fd).st_nlink == 0
        except BlockingIOError:
            cleared = True
        except OSError:  # no locks here: nobody can find out that a writer is dead
            cleared = False
        if not cleared:
            return fd, name
        os.close(fd)  # somebody saw it before it was locked, and took it for left behind


def _before(folder: int, name: str) -> os.stat_result | None:
    try:
        status = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return None
    if stat.S_ISREG(status.st_mode):
        return status
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    raise WorkspaceError(f"{visible_name(name)} is {kind_name(status.st_mode)}, not a file")


def _resemble(fd: int, before: os.stat_result) -> None:
    """Owner first: changing it takes special bits away. Before any content is in: a secret stays one."""
    own = os.fstat(fd)
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid):
        with suppress(PermissionError):  # only root may give files away
            os.fchown(fd, before.st_uid, before.st_gid)
    os.fchmod(fd, stat.S_IMODE(before.st_mode))
