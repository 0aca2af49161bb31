"""What of a workspace is read-only or hidden, worked out anew for each run from what is really there.

A protected path that does not exist gets an empty folder in its place while anything runs, so that nobody can make
it; that folder is seen from outside as well. A protected path that leads through a symbolic link is refused: what it
names can be changed behind any cover.
"""

import contextlib
import fnmatch
import os
import re
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Policy

_ANYWHERE = "**/"
_INSTALLED = frozenset((".git", "node_modules", ".venv", "venv", "site-packages", "__pycache__", ".tox"))


@dataclass(frozen=True, slots=True)
class Covers:
    """Paths, absolute, each under the one that it is below."""

    anchored: tuple[Path, ...]
    """Folders on the way to the others. They stay writable but must not be renamed: what is new in the place of one
    would not be covered."""
    protected: tuple[Path, ...]
    hidden_files: tuple[Path, ...]
    hidden_folders: tuple[Path, ...]


class Covering:
    """Keeps the stand-ins of one workspace for as long as any run needs them."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._users: Counter[Path] = Counter()
        self._ours: set[Path] = set()

    @contextmanager
    def covers(self, writable: bool) -> Generator[Covers, None, None]:
        """What is to be covered now. Stand-ins last until the block ends; where nothing can be written there are
        none."""
        stand_ins: list[Path] = []
        try:
            with self._lock:
                protected = [self._protected(name, stand_ins, writable) for name in self._policy.protected]
            hidden = hidden_paths(self._policy)
            root = self._policy.workspace
            ways = [
                way for path in (*protected, *hidden) for way in path.parents if way != root and root in way.parents
            ]
            yield Covers(
                anchored=tuple(sorted(set(ways))),
                protected=tuple(sorted({path for path in protected if path.exists()})),
                hidden_files=tuple(path for path in hidden if not path.is_dir()),
                hidden_folders=tuple(path for path in hidden if path.is_dir()),
            )
        finally:
            with self._lock:
                self._leave(stand_ins)

    def _protected(self, name: str, stand_ins: list[Path], writable: bool) -> Path:
        path = self._policy.workspace
        for part in Path(name).parts:
            if part in ("/", ".."):
                raise SandboxError(f"the protected path {name} is not in the workspace")
            path /= part
            if path.is_symlink():
                raise SandboxError(
                    f"the protected path {name} leads through a symbolic link, so it cannot be protected",
                    f"replace {path} by what it points to, or take {name} off the list",
                )
            if path in self._ours or (writable and self._make(path)):
                self._users[path] += 1
                stand_ins.append(path)
        return path

    def _make(self, path: Path) -> bool:
        try:
            path.mkdir()
        except FileExistsError:
            return False
        except OSError as error:
            raise SandboxError(f"{path} cannot be protected from being made: {error}") from error
        self._ours.add(path)
        return True

    def _leave(self, stand_ins: list[Path]) -> None:
        for path in reversed(stand_ins):
            self._users[path] -= 1
            if not self._users[path]:
                self._ours.discard(path)
                with contextlib.suppress(OSError):  # somebody uses it now
                    path.rmdir()


def hidden_paths(policy: Policy) -> list[Path]:
    """What `Policy.hidden` names, patterns expanded. A symbolic link counts as what it points to in the workspace."""
    root = policy.workspace.resolve()
    found: set[Path] = set()
    names = [pattern.removeprefix(_ANYWHERE) for pattern in policy.hidden if pattern.startswith(_ANYWHERE)]
    paths = [Path(folder) / name for folder, name in _named(root, names)] if names else []
    for pattern in policy.hidden:
        if pattern.startswith("/") or ".." in Path(pattern).parts:
            raise SandboxError(f"the hidden path {pattern} is not in the workspace")
        if not pattern.startswith(_ANYWHERE):
            paths += root.glob(pattern)
    for path in paths:
        real = Path(os.path.realpath(path))
        if real.exists() and root in real.parents:
            found.add(real)
    return sorted(found)


def _named(root: Path, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Files and folders of these names, wherever they lie, but not among what was installed into the project."""
    known = re.compile("|".join(fnmatch.translate(name) for name in names), re.IGNORECASE)
    for folder, folders, files in os.walk(root):
        yield from ((folder, name) for name in (*folders, *files) if known.match(name))
        folders[:] = [name for name in folders if name not in _INSTALLED and not known.match(name)]
