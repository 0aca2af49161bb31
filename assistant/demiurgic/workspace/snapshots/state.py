"""What a workspace holds at one moment, and what has to be done to turn one state into another."""

import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Kept:
    """A file or a link: its kind and permissions, and the name that git gives to its bytes."""

    mode: int
    blob: str

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)


class Why(StrEnum):
    """Why something in the workspace is in no snapshot."""

    IGNORED = "ignored"
    LARGE = "too large"
    SPECIAL = "neither file nor folder nor link"
    UNREADABLE = "cannot be read"
    CHANGING = "changed while it was read"


@dataclass(frozen=True, slots=True)
class State:
    """Paths are relative, with `/`; bytes that are no UTF-8 are carried as Python carries them in names of files."""

    files: Mapping[str, Kept] = field(default_factory=dict[str, Kept])
    folders: Mapping[str, int] = field(default_factory=dict[str, int])
    """All folders with their modes, but for the workspace itself."""
    left: Mapping[str, Why] = field(default_factory=dict[str, Why])
    """What was there and is not in `files`; of a folder that is left out, only the folder."""

    settled: frozenset[str] = frozenset()
    """Paths of which all is known, although they lie in something that was left out."""

    def left_out(self, path: str) -> bool:
        """Whether a path was there then, or may have been, without being saved."""
        for above in (path, *folders_above(path)):
            if above in self.settled:
                return False
            if above in self.left:
                return True
        return False

    def completed(self, path: str, later: "State") -> "State":
        """This state, where what was left out at `path` and beneath it is taken from a later one."""

        def within(other: str) -> bool:
            return other == path or other.startswith(f"{path}/")

        files = {name: kept for name, kept in later.files.items() if within(name) and self.left_out(name)}
        above = {folder for name in files for folder in folders_above(name)}
        folders = {name: mode for name, mode in later.folders.items() if within(name) or name in above}
        left = {name: why for name, why in self.left.items() if not within(name)}
        left |= {name: why for name, why in later.left.items() if within(name)}
        return State({**self.files, **files}, {**folders, **self.folders}, left, self.settled | {path})


class ChangeKind(StrEnum):
    """What becomes of a path."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs between two states."""

    path: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Steps:
    """What turns one state into another, in the order in which it can be done."""

    delete: tuple[str, ...]
    delete_folders: tuple[str, ...]
    """If they are empty by then."""
    make_folders: tuple[str, ...]
    write: Mapping[str, Kept]
    modes: Mapping[str, int]
    """Of files whose bytes stay."""
    folder_modes: Mapping[str, int]
    """Of all folders that are touched."""
    changes: tuple[Change, ...]


def steps(now: State, wanted: State) -> Steps:
    """How to get from one state to another. What was there unsaved in the wanted state is never deleted."""
    gone = sorted(path for path in now.files if path not in wanted.files and not wanted.left_out(path))
    folders_gone = [path for path in now.folders if path not in wanted.folders and not wanted.left_out(path)]
    new_folders = sorted(path for path in wanted.folders if path not in now.folders)
    write = {path: kept for path, kept in sorted(wanted.files.items()) if _differs(now.files.get(path), kept)}
    modes = {path: kept.mode for path, kept in wanted.files.items() if _only_mode(now.files.get(path), kept)}
    touched = {above for path in (*gone, *write, *modes, *new_folders) for above in folders_above(path)}
    folder_modes = {
        path: mode for path, mode in wanted.folders.items() if path in touched or now.folders.get(path) != mode
    }
    return Steps(
        delete=tuple(gone),
        delete_folders=tuple(sorted(folders_gone, key=_depth, reverse=True)),
        make_folders=tuple(new_folders),
        write=write,
        modes=modes,
        folder_modes=folder_modes,
        changes=_changes(now, wanted, Told(gone, write, modes, folders_gone)),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """The steps that a person is told of."""

    gone: Iterable[str]
    write: Iterable[str]
    modes: Iterable[str]
    folders_gone: Iterable[str]


def folders_above(path: str) -> Iterable[str]:
    """All folders that a path lies in, the nearest first."""
    while (cut := path.rfind("/")) > 0:
        path = path[:cut]
        yield path


def _changes(now: State, wanted: State, told: Told) -> tuple[Change, ...]:
    kinds = dict.fromkeys((*told.gone, *told.folders_gone), ChangeKind.DELETED)
    kinds |= {path: ChangeKind.CHANGED if path in now.files else ChangeKind.CREATED for path in told.write}
    kinds |= dict.fromkeys(told.modes, ChangeKind.MODE)
    for path, mode in wanted.folders.items():
        if now.folders.get(path) != mode and (path in now.folders or not now.left_out(path)):
            kinds.setdefault(path, ChangeKind.MODE if path in now.folders else ChangeKind.CREATED)
    return tuple(Change(path, kind) for path, kind in sorted(kinds.items()))


def _differs(now: Kept | None, wanted: Kept) -> bool:
    return now is None or (now.blob, now.is_link) != (wanted.blob, wanted.is_link)


def _only_mode(now: Kept | None, wanted: Kept) -> bool:
    return now is not None and not _differs(now, wanted) and now.mode != wanted.mode and not wanted.is_link


def _depth(path: str) -> int:
    return path.count("/")
