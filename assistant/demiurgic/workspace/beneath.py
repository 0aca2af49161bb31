"""The user's folder, read and written so that nothing outside of it can be reached.

Links: a path is judged and opened by what it really names, so no link is ever followed while opening; `real` says
where one leads. Writing goes beside the file and then takes its place: mode and, where allowed, owner are kept; hard
links, access lists and extended attributes are not. FIFOs, sockets and devices are refused.
"""

import os
import stat
import weakref
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from demiurgic.errors import OutsideWorkspace, WorkspaceError
from demiurgic.workspace.ignoring import Ignored
from demiurgic.workspace.listing import Seen, kind_name, listed, seen
from demiurgic.workspace.names import Names
from demiurgic.workspace.opening import FOLDER, Trail, kernel_can, open_beneath
from demiurgic.workspace.protocol import Entry
from demiurgic.workspace.replacing import replace_file
from demiurgic.workspace.shown import visible_name
from demiurgic.workspace.trouble import explained

_READ_AT_ONCE = 256 << 20
_IGNORE_FILE = 1 << 20
_DEEPEST_RULES = 100
"""Folders below which no more `.gitignore` is read: thousands, one in the other, would make a walk stand still."""
_MOST_LINKS = 40
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
"""Without O_NONBLOCK, opening a FIFO waits for somebody to write to it."""


class LocalWorkspace:
    """A folder of this machine."""

    def __init__(self, root: Path, *, walk: bool | None = None) -> None:
        """`walk`: open folder by folder instead of asking the kernel; by default only where it cannot."""
        self._names = Names(root)
        try:
            self._root = os.open(self.root, FOLDER | os.O_CLOEXEC)
        except OSError as error:
            raise WorkspaceError(f"{visible_name(str(root))} cannot be opened: {error.strerror}") from error
        weakref.finalize(self, os.close, self._root)
        self._walk = not kernel_can(self._root) if walk is None else walk

    @property
    def root(self) -> Path:
        return self._names.root

    @property
    def saved(self) -> Self:
        return self

    def settle(self, path: str) -> bool:
        return False  # what is on disk is all there is

    def relative(self, path: str) -> str:
        return self._names.relative(path)

    def real(self, path: str) -> str:
        waiting = self._names.inside(path).split("/")[::-1]
        done: list[str] = []
        links = 0
        while waiting:
            name = waiting.pop()
            if name in ("", "."):
                continue
            if name == "..":
                if not done:
                    raise OutsideWorkspace(f"{visible_name(path)} is a link that leads out of the workspace")
                done.pop()
                continue
            done.append(name)
            target = self._target("/".join(done))
            if target is None:
                continue
            links += 1
            if links > _MOST_LINKS:
                raise WorkspaceError(f"{visible_name(path)} is a link that leads back to itself")
            done.pop()
            if target.startswith("/"):
                done, target = [], self._names.inside(target)
            waiting.extend(target.split("/")[::-1])
        return "/".join(done)

    def read(self, path: str, limit: int | None = None) -> bytes:
        with self.open(path) as file, self._explaining(path, "read"):
            data = file.read(_READ_AT_ONCE + 1 if limit is None else limit)
        if limit is None and len(data) > _READ_AT_ONCE:
            most = f"{_READ_AT_ONCE >> 20} MB"
            raise WorkspaceError(f"{visible_name(path)} is larger than {most}", "read a part of it, or search in it")
        return data

    def open(self, path: str) -> BinaryIO:
        with self._explaining(path, "read"):
            return _file(self._opened(self._names.inside(path), _READ), path)

    def write(self, path: str, data: bytes) -> None:
        folder, name = self._parted(path)
        with self._explaining(path, "written"), self._closing(self._made(folder)) as parent:
            replace_file(parent, name, data)

    def delete(self, path: str) -> None:
        """Remove a file, a link or an empty folder."""
        folder, name = self._parted(path)
        with self._explaining(path, "deleted"), self._closing(self._opened(folder, FOLDER)) as parent:
            is_folder = stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
            (os.rmdir if is_folder else os.unlink)(name, dir_fd=parent)

    def stat(self, path: str) -> Entry | None:
        inside = self._names.inside(path)
        folder, _, name = inside.rpartition("/")
        with self._explaining(path, "looked at"):
            try:
                with self._closing(self._opened(folder, FOLDER)) as parent:
                    return seen(inside, os.lstat(name or ".", dir_fd=parent)).entry
            except (FileNotFoundError, NotADirectoryError):
                if self.link_on_the_way(folder):
                    raise
                return None

    def entries(self, folder: str) -> Sequence[Entry]:
        with self._explaining(folder, "listed"):
            inside = self._names.inside(folder)
            with self._closing(self._opened(inside, FOLDER)) as fd:
                return [one.entry for one in listed(fd, f"{inside}/" if inside else "")]

    def walk(self, folder: str = "", ignored: bool = False) -> Iterator[Entry]:
        """Folders that cannot be listed are passed over, and so is what is neither a file nor a link."""
        start = self._names.inside(folder)
        self.entries(start)  # one that is not there at all is told
        waiting = [(start, Ignored() if ignored else self._rules_above(start))]
        with closing(Trail(self._root, walk=self._walk)) as trail:
            while waiting:
                here, rules = waiting.pop()
                try:
                    fd = trail.enter(here)
                    if not ignored:
                        rules = self._with_rules_of(fd, here, rules)
                    found = listed(fd, f"{here}/" if here else "")
                except OSError:  # it went away, or may not be read
                    continue
                kept = [one for one in found if not _left_out(one, rules)]
                yield from (one.entry for one in kept if one.is_file or one.entry.is_link)
                waiting.extend((one.entry.path, rules) for one in reversed(kept) if one.entry.is_folder)

    def link_on_the_way(self, path: str) -> tuple[str, str] | None:
        """The first part of the path that is a link, and where that leads."""
        names = self._names.inside(path).split("/")
        for depth in range(1, len(names) + 1):
            part = "/".join(names[:depth])
            if target := self._target(part):
                return part, target
        return None

    def _opened(self, inside: str, flags: int) -> int:
        return open_beneath(self._root, inside, flags, walk=self._walk)

    def _made(self, inside: str) -> int:
        """The folder, opened, and made where it is not there."""
        try:
            return self._opened(inside, FOLDER)
        except FileNotFoundError:
            here = os.dup(self._root)
        for name in inside.split("/"):
            with self._closing(here):
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=here)
                here = open_beneath(here, name, FOLDER, walk=self._walk)
        return here

    def _parted(self, path: str) -> tuple[str, str]:
        folder, _, name = self._names.inside(path).rpartition("/")
        if not name:
            raise WorkspaceError("the path names the workspace itself, not a file in it")
        return folder, name

    def _target(self, inside: str) -> str | None:
        """Where a link leads; None for all else."""
        folder, _, name = inside.rpartition("/")
        try:
            with self._closing(self._opened(folder, FOLDER)) as parent:
                return os.readlink(name, dir_fd=parent)
        except OSError:  # not a link, or not there: whoever opens it next is told
            return None

    def _rules_above(self, inside: str) -> Ignored:
        rules = self._with_rules_of(self._root, "", Ignored(), ".git/info/exclude")
        names = inside.split("/") if inside else []
        for depth in range(len(names)):
            above = "/".join(names[:depth])
            with suppress(OSError), self._closing(self._opened(above, FOLDER)) as fd:
                rules = self._with_rules_of(fd, above, rules)
        return rules

    def _with_rules_of(self, fd: int, inside: str, rules: Ignored, name: str = ".gitignore") -> Ignored:
        depth = inside.count("/") + 1 if inside else 0
        if depth > _DEEPEST_RULES:
            return rules
        try:
            with _file(open_beneath(fd, name, _READ, walk=self._walk), name) as file:
                text = file.read(_IGNORE_FILE)
        except (OSError, WorkspaceError):  # there is none, or it is no file
            return rules
        return rules.within(depth, os.fsdecode(text))

    @contextmanager
    def _explaining(self, path: str, verb: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise explained(self, path, verb, error) from error

    @contextmanager
    def _closing(self, fd: int) -> Generator[int]:
        try:
            yield fd
        finally:
            os.close(fd)


def _file(fd: int, path: str) -> BinaryIO:
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    raise WorkspaceError(f"{visible_name(path or 'the workspace')} is {kind_name(mode)}, not a file")


def _left_out(one: Seen, rules: Ignored) -> bool:
    names = one.entry.path.split("/")
    return names[-1] == ".git" or rules.excludes(names, is_folder=one.entry.is_folder)
