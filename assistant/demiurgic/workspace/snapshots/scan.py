"""What lies in the workspace now. Nothing is written, and no link is followed."""

import os
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.opening import FOLDER, kernel_can, open_beneath
from demiurgic.workspace.replacing import is_unfinished
from demiurgic.workspace.snapshots.ignored import Rules
from demiurgic.workspace.snapshots.state import Why, folders_above

TEMPORARY = ".demiurgic-restoring-"
"""How files begin that a restore writes beside their places. No snapshot takes them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is worth saving."""

    file_size: int = 50 << 20
    """Larger files are left out, unless the agent touches them."""
    files: int = 200_000
    """A folder that holds more is no project."""
    in_memory: int = 64 << 20
    """Bytes of changed files that are held at once; what is beyond is read twice."""


@dataclass(slots=True)
class Found:
    """All that a look at the workspace found."""

    files: dict[str, os.stat_result] = field(default_factory=dict[str, os.stat_result])
    folders: dict[str, int] = field(default_factory=dict[str, int])
    left: dict[str, Why] = field(default_factory=dict[str, Why])
    stray: list[str] = field(default_factory=list[str])
    """What a killed restore left beside its places."""
    unfinished: list[str] = field(default_factory=list[str])
    """What is being written beside its place, or was by somebody who has been killed."""


class Tree:
    """An open workspace."""

    def __init__(self, root: Path, never: Path) -> None:
        """`never`: a folder that is left out wherever it lies, with all that is in it."""
        self.root = root
        try:
            self._fd = os.open(root, FOLDER | os.O_CLOEXEC)
        except OSError as error:
            raise WorkspaceError(f"{root} cannot be opened: {error.strerror}") from error
        self._walk = not kernel_can(self._fd)
        self._never = _identity(never.stat())

    def close(self) -> None:
        """No file can be opened from here any more."""
        os.close(self._fd)

    def open(self, path: str, flags: int = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY) -> int:
        """Open something beneath the root. Raises OSError. The caller closes it."""
        return open_beneath(self._fd, path, flags, walk=self._walk)

    @contextmanager
    def folder_of(self, path: str) -> Generator[tuple[int, str]]:
        """The open folder that a path lies in, and its name there."""
        folder, _, name = path.rpartition("/")
        fd = self.open(folder, FOLDER)
        try:
            yield fd, name
        finally:
            os.close(fd)

    def look(self, rules: Rules, always: Iterable[str], limits: Limits) -> Found:
        """See what is there. What lies at one of the paths `always`, or beneath it, is taken in any case."""
        found = Found()
        wanted = frozenset(always)
        self._look_into("", found, rules, _Taking(limits, wanted))
        for path in sorted(wanted - found.files.keys()):
            with suppress(OSError):  # it is not there
                self._add(path, found, limits)
        return found

    def _look_into(self, start: str, found: Found, rules: Rules | None, taking: "_Taking") -> None:
        waiting = [(start, rules)]
        while waiting:
            here, rules = waiting.pop()
            try:
                fd = self.open(here, FOLDER)
            except FileNotFoundError:
                continue
            except OSError:
                found.left[here] = Why.UNREADABLE
                continue
            try:
                rules = rules and rules.within(fd, here.count("/") + 1 if here else 0)
                below = [(path, rules) for path in self._list(fd, here, found, rules, taking)]
                waiting.extend(below)
            finally:
                os.close(fd)

    def _list(self, fd: int, here: str, found: Found, rules: Rules | None, taking: "_Taking") -> Iterator[str]:
        """Add what one folder holds, and name the folders in it that are to be looked into."""
        prefix, names = (f"{here}/", tuple(here.split("/"))) if here else ("", ())
        with os.scandir(fd) as entries:
            for entry in entries:
                name = entry.name
                if name.casefold() == ".git":
                    continue
                if name.startswith(TEMPORARY):
                    found.stray.append(prefix + name)
                    continue
                path, is_folder = prefix + name, entry.is_dir(follow_symlinks=False)
                if is_unfinished(name) and entry.is_file(follow_symlinks=False) and path not in taking.wanted:
                    found.unfinished.append(path)
                    continue
                if rules and rules.excludes((*names, name), is_folder=is_folder) and path not in taking.wanted:
                    found.left[path] = Why.IGNORED
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if not is_folder:
                    taking.take(path, status, found)
                elif _identity(status) != self._never:
                    found.folders[path] = status.st_mode
                    yield path

    def _add(self, path: str, found: Found, limits: Limits) -> None:
        if ".git" in path.casefold().split("/"):
            return
        with self.folder_of(path) as (fd, name):
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            found.folders.setdefault(path, status.st_mode)
            self._look_into(path, found, None, _Taking(limits, frozenset()))
        else:
            found.left.pop(path, None)
            _Taking(limits, frozenset((path,))).take(path, status, found)
        for above in folders_above(path):
            if above not in found.folders:
                with suppress(OSError):
                    fd = self.open(above, FOLDER)
                    found.folders[above] = os.fstat(fd).st_mode
                    os.close(fd)


@dataclass(frozen=True, slots=True)
class _Taking:
    """What of the files that are seen is taken."""

    limits: Limits
    wanted: frozenset[str]

    def take(self, path: str, status: os.stat_result, found: Found) -> None:
        """Add a file or a link, or note why it is left out."""
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
            found.left[path] = Why.SPECIAL
        elif status.st_size > self.limits.file_size and path not in self.wanted:
            found.left[path] = Why.LARGE
        else:
            found.files[path] = status
            if len(found.files) > self.limits.files:
                raise WorkspaceError(
                    f"the folder holds more than {self.limits.files} files, too many to save its states",
                    "open a project's own folder, or name what is not part of it in .gitignore",
                )


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
