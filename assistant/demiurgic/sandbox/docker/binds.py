"""What of this machine a container sees: the workspace under its own name, without what is to be kept from programs.

A mount keeps to the file that it was made for, whatever takes that file's name later. So the plan is made anew for each
run and compared with what a warm container was made with. Stand-ins for protected paths that do not exist are put up
for the first program that may write, and stay for as long as the sandbox is open.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from demiurgic.errors import SandboxError
from demiurgic.sandbox.covers import Covering, Covers
from demiurgic.sandbox.docker.engine import Bind
from demiurgic.sandbox.protocol import Policy

_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr")


class BindPlan:
    """Makes the binds of one policy. `masks` is an empty folder of ours that outlives it."""

    def __init__(self, policy: Policy, masks: Path) -> None:
        root = policy.workspace
        if root == Path("/") or str(root) in _SYSTEM:
            raise SandboxError(f"{root} cannot be a workspace: the system lies there", "work in a folder beneath it")
        self.policy = policy
        self._file, self._folder = masks / "file", masks / "folder"
        self._file.touch(0o000)
        self._folder.mkdir(0o000)
        self._covering = Covering(policy)
        self._lock = threading.Lock()
        self._stand_ins = ExitStack()
        self._standing = False

    def close(self) -> None:
        """Take the stand-ins away."""
        self._stand_ins.close()

    def binds(self, writable: bool) -> tuple[Bind, ...]:
        """What must be mounted now, parents first. Raises SandboxError where the policy cannot be kept."""
        if writable:
            self._put_stand_ins()
        with self._covering.covers(writable) as covers:
            found = {bind.target: bind for bind in (*self._outside(writable), *self._inside(covers, writable))}
        return tuple(sorted(found.values(), key=lambda bind: bind.target.count("/")))

    def _put_stand_ins(self) -> None:
        with self._lock:
            if not self._standing:
                self._stand_ins.enter_context(self._covering.covers(writable=True))
                self._standing = True

    def _outside(self, writable: bool) -> Iterator[Bind]:
        yield _bind(self.policy.workspace, writable=writable)
        for path in self.policy.readable:
            yield _bind(path, path.resolve())

    def _inside(self, covers: Covers, writable: bool) -> Iterator[Bind]:
        if writable:
            yield from _all(covers.anchored, writable=True)
            yield from _all(covers.protected)
        yield from _all(covers.hidden_files, self._file)
        yield from _all(covers.hidden_folders, self._folder)


def _all(paths: Iterable[Path], source: Path | None = None, writable: bool = False) -> Iterator[Bind]:
    return (_bind(path, source, writable) for path in paths)


def _bind(target: Path, source: Path | None = None, writable: bool = False) -> Bind:
    try:
        found = target.stat()
    except OSError as error:
        raise SandboxError(f"{target} cannot be mounted: {error.strerror}") from error
    return Bind(str(source or target), str(target), writable, (found.st_dev, found.st_ino))
