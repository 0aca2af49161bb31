"""Turning the workspace into a saved state, step by step.

Can be killed at any moment and begun again: what is done already is not done twice, and no file is ever half there.
"""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.snapshots.git import Blobs
from demiurgic.workspace.snapshots.scan import TEMPORARY, Tree
from demiurgic.workspace.snapshots.state import Kept, Steps, folders_above

_OPEN = 0o700
"""What is needed of a folder's mode to work in it."""
_NOT_EMPTY = (errno.ENOTEMPTY, errno.EEXIST)

T = TypeVar("T")


class Applier:
    """Carries out steps beneath one root. Raises WorkspaceError where the system refuses."""

    def __init__(self, tree: Tree, blobs: Blobs) -> None:
        self._tree, self._blobs = tree, blobs
        self._loosened: set[str] = set()

    def apply(self, steps: Steps, stray: Iterable[str] = ()) -> tuple[str, ...]:
        """Do all of it; delete what an earlier try left astray.

        Returns the paths that could not be put back because a folder with unsaved files lies there.
        """
        blocked: list[str] = []
        for path in (*stray, *steps.delete):
            self._try(path, self._delete)
        for path in steps.delete_folders:
            self._try(path, self._delete_folder)
        for path in steps.make_folders:
            self._try(path, self._make_folder)
        for path, kept in steps.write.items():
            if not self._try(path, lambda path, kept=kept: self._write(path, kept)):
                blocked.append(path)
        for path, mode in steps.modes.items():
            self._try(path, lambda path, mode=mode: self._set_mode(path, mode))
        for path in sorted(steps.folder_modes, reverse=True):
            self._try(path, lambda path: self._set_mode(path, steps.folder_modes[path]))
        return tuple(blocked)

    def _try(self, path: str, step: Callable[[str], T]) -> T:
        """Do a step; where a folder forbids it, open the folders on the way for as long as the work takes."""
        try:
            try:
                return step(path)
            except PermissionError:
                self._loosen(reversed(list(folders_above(path))))
                return step(path)
        except OSError as error:
            raise WorkspaceError(
                f"{path} could not be put back: {error.strerror}",
                "mend that, and go back once more: what is done stays",
            ) from error

    def _delete(self, path: str) -> None:
        with suppress(FileNotFoundError, NotADirectoryError), self._tree.folder_of(path) as (fd, name):
            os.unlink(name, dir_fd=fd)

    def _delete_folder(self, path: str) -> None:
        try:
            with self._tree.folder_of(path) as (fd, name):
                os.rmdir(name, dir_fd=fd)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno not in _NOT_EMPTY:  # what no snapshot holds keeps its folder
                raise

    def _make_folder(self, path: str) -> None:
        with self._tree.folder_of(path) as (fd, name):
            try:
                os.mkdir(name, _OPEN, dir_fd=fd)
            except FileExistsError:
                mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
                if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                    raise
                if not stat.S_ISDIR(mode):
                    os.unlink(name, dir_fd=fd)  # a pipe or a socket, made since
                    os.mkdir(name, _OPEN, dir_fd=fd)

    def _write(self, path: str, kept: Kept) -> bool:
        """Put a file or a link into its place, all at once. False where a folder that cannot go is in that place."""
        with self._tree.folder_of(path) as (fd, name):
            beside = f"{TEMPORARY}{secrets.token_hex(4)}"
            try:
                if kept.is_link:
                    os.symlink(b"".join(self._blobs.read(kept.blob)), beside, dir_fd=fd)
                else:
                    self._write_file(fd, beside, kept)
                os.replace(beside, name, src_dir_fd=fd, dst_dir_fd=fd)
            except IsADirectoryError:
                os.unlink(beside, dir_fd=fd)
                return False
            except BaseException:
                with suppress(OSError):
                    os.unlink(beside, dir_fd=fd)
                raise
        return True

    def _write_file(self, folder: int, name: str, kept: Kept) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
            for piece in self._blobs.read(kept.blob):
                file.write(piece)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(kept.mode))
            os.fsync(file.fileno())

    def _set_mode(self, path: str, mode: int) -> None:
        with suppress(FileNotFoundError), self._tree.folder_of(path) as (fd, name):
            _change_mode(fd, name, stat.S_IMODE(mode))

    def _loosen(self, folders: Iterable[str]) -> None:
        for path in folders:
            if path not in self._loosened:
                self._loosened.add(path)
                with self._tree.folder_of(path) as (fd, name):
                    mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
                    _change_mode(fd, name, stat.S_IMODE(mode) | _OPEN)


def _change_mode(folder: int, name: str, mode: int) -> None:
    if not stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.chmod(name, mode, dir_fd=folder)
