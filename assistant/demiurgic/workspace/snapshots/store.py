"""The snapshots of one workspace: taking them, looking at what differs, and going back.

One process at a time works here; others wait for it. `take` is told which paths the agent is about to touch, before
it does: those are saved from then on, whatever `.gitignore` says of them and however large they are.
"""

import json
import posixpath
import secrets
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.replacing import clear_unfinished
from demiurgic.workspace.snapshots import archive
from demiurgic.workspace.snapshots.apply import Applier
from demiurgic.workspace.snapshots.contents import Changing
from demiurgic.workspace.snapshots.git import Git, find_git
from demiurgic.workspace.snapshots.ignored import rules_above, tracked
from demiurgic.workspace.snapshots.memory import Memory, load_memory, save_memory
from demiurgic.workspace.snapshots.reading import Reading
from demiurgic.workspace.snapshots.scan import Found, Limits, Tree
from demiurgic.workspace.snapshots.state import Change, State, Why, steps
from demiurgic.workspace.state import project_folder
from demiurgic_models.files import write_beside

_PATIENCE = 120.0
_TRIES = 3
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved state. The names of later ones sort behind those of earlier ones."""

    name: str
    left: Mapping[str, Why]
    """What was there and is not in it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What going back did."""

    changes: tuple[Change, ...]
    before: str
    """The state as it was before: restoring this one brings everything back."""
    blocked: tuple[str, ...] = ()
    """What could not be put back because a folder with unsaved files is in its place."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a workspace and its states lie, and where programs are looked for."""

    root: Path
    state_dir: Path
    search: str
    """A PATH."""


class Snapshots:
    """The saved states of one workspace."""

    def __init__(self, places: Places, limits: Limits = _LIMITS) -> None:
        self._root, self._state_dir, self._limits = places.root.resolve(), places.state_dir, limits
        self._folder = project_folder(places.state_dir, places.root) / "snapshots"
        self._git = Git(find_git(places.search, never_below=self._root), self._folder / "git")
        self._memory_file, self._touched_file = (self._git.folder / name for name in ("memory.json", "touched.json"))

    def take(self, touched: Iterable[str] = ()) -> Snapshot:
        """Save the state as it is now. `touched`: files and folders that the agent is about to touch; what lies outside
        of the workspace is passed over. What writers that were killed left beside their files is deleted."""
        paths = (posixpath.normpath(path) for path in touched)
        inside = frozenset(path for path in paths if path.split("/")[0] not in ("", ".", ".."))
        with self._working() as tree:
            return self._take(tree, inside).snapshot

    def preview(self, name: str) -> Sequence[Change]:
        """What `restore` would change."""
        with self._working() as tree:
            wanted = self._wanted(name)
            return steps(self._now(tree, wanted.files), wanted).changes

    def restore(self, name: str) -> Restored:
        """Put back every byte of a saved state and delete what was created since; the state of now is saved first.
        If it is killed or fails half-way, it can be begun again; `before` of the first try is still among `names`."""
        with self._working() as tree:
            wanted = self._wanted(name)
            taken = self._take(tree, frozenset(), also=frozenset(wanted.files))
            plan = steps(taken.state, wanted)
            with self._git.blobs() as blobs:
                blocked = Applier(tree, blobs).apply(plan, taken.stray)
        return Restored(plan.changes, taken.snapshot.name, blocked)

    def names(self) -> list[str]:
        """All snapshots, the oldest first."""
        with self._working():
            return archive.names(self._git)

    def expire(self, older_than: float) -> int:
        """Let go of snapshots that are older than so many seconds, but never of the latest. Returns how many."""
        oldest = int((time.time() - older_than) * 1_000_000)
        with self._working():
            *others, _ = archive.names(self._git) or [""]
            gone = [name for name in others if int(name.partition("-")[0]) < oldest]
            if gone:
                if load_memory(self._memory_file).snapshot in gone:
                    self._memory_file.unlink()
                archive.forget(self._git, gone)
        return len(gone)

    @contextmanager
    def _working(self) -> Generator[Tree]:
        lock = FileLock(self._folder / "lock")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with lock.acquire(timeout=_PATIENCE):
                self._git.make()
                tree = Tree(self._root, never=self._state_dir)
                try:
                    yield tree
                finally:
                    tree.close()
        except Timeout as error:
            raise WorkspaceError(
                f"another process has been saving the state of {self._root} for {_PATIENCE:.0f} seconds",
                "wait for it, or stop it",
            ) from error
        except OSError as error:
            raise WorkspaceError(f"the state of {self._root} could not be saved: {error}") from error

    def _look(self, tree: Tree, always: Iterable[str]) -> Found:
        return tree.look(rules_above(self._root), {*always, *tracked(self._root, self._git)}, self._limits)

    def _now(self, tree: Tree, also: Iterable[str]) -> State:
        found = self._look(tree, {*also, *self._touched()})
        return Reading(tree, found, load_memory(self._memory_file), room=0).state

    def _take(self, tree: Tree, touched: frozenset[str], also: frozenset[str] = frozenset()) -> "_Taken":
        known = self._touched()
        found = self._look(tree, {*known, *touched, *also})
        taken = self._save(tree, found)
        if fresh := touched - known.keys():
            write_beside(self._touched_file, json.dumps(known | dict.fromkeys(fresh, taken.snapshot.name)))
        for path in found.unfinished:
            with suppress(OSError), tree.folder_of(path) as (fd, name):  # its writer lives, or it may not be deleted
                clear_unfinished(fd, name)
        return taken

    def _save(self, tree: Tree, found: Found) -> "_Taken":
        for _ in range(_TRIES):
            with suppress(Changing):
                memory = load_memory(self._memory_file)
                reading = Reading(tree, found, memory, self._limits.in_memory)
                snapshot = Snapshot(self._saved(reading, memory), reading.state.left)
                return _Taken(snapshot, reading.state, found.stray)
        raise WorkspaceError("a large file is being written to, so the state cannot be saved", "stop what writes to it")

    def _saved(self, reading: Reading, memory: Memory) -> str:
        """The name of the snapshot that holds this state: a new one, or the latest if it is the same."""
        about = archive.describe(reading.state)
        name, tree = memory.snapshot, memory.tree
        if not name or memory.about != about or not reading.same:
            name = _new_name(after=name)
            with archive.importing(self._git, name, tree, about) as into:
                reading.write(into)
            tree = archive.tree_of(self._git, name)
        elif not reading.learned:
            return name
        save_memory(self._memory_file, reading.remembered(name, tree, about))
        return name

    def _wanted(self, name: str) -> State:
        """A saved state. What was left out of it and touched later is taken to have been as it was before the touch."""
        state = archive.load_state(self._git, name)
        touched = self._touched()
        later = {path: first for path, first in touched.items() if first > name}
        state = replace(state, settled=frozenset(touched.keys() - later.keys()))
        for first in sorted(set(later.values())):
            then = archive.load_state(self._git, first)
            for path in (path for path, at in later.items() if at == first):
                state = state.completed(path, then)
        return state

    def _touched(self) -> dict[str, str]:
        """Every path that the agent has touched, with the snapshot that was taken before it first did."""
        try:
            touched: dict[str, str] = json.loads(self._touched_file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return touched


@dataclass(frozen=True, slots=True)
class _Taken:
    """A snapshot, and what was seen on the way to it."""

    snapshot: Snapshot
    state: State
    stray: Sequence[str]


def _new_name(after: str) -> str:
    """The time in microseconds, and some letters so that no two are ever the same."""
    latest = int(after.partition("-")[0]) if after else 0
    return f"{max(time.time_ns() // 1000, latest + 1):016d}-{secrets.token_hex(2)}"
