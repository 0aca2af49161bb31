"""Puts a file in place so that it is never half there: written beside, flushed to disk, renamed."""

import errno
import os
import secrets
import stat
from contextlib import suppress

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.listing import kind_name
from demiurgic.workspace.shown import visible_name

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(folder: int, name: str, data: bytes) -> None:
    """Create or replace the file `name` in an open folder. Anything there but a file is refused."""
    before = _before(folder, name)
    beside = f".demiurgic-{secrets.token_hex(8)}"
    fd = os.open(beside, _NEW, 0o666, dir_fd=folder)
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
