"""What the kernel says of names in an open folder. Nothing is followed."""

import os
import stat
from dataclasses import dataclass

from demiurgic.workspace.protocol import Entry

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry, and whether it can hold what people call a file's content."""

    entry: Entry
    is_file: bool


def seen(path: str, status: os.stat_result) -> Seen:
    """One name."""
    mode = status.st_mode
    entry = Entry(path, stat.S_ISDIR(mode), stat.S_ISLNK(mode), status.st_size, status.st_mtime)
    return Seen(entry, stat.S_ISREG(mode))


def listed(folder: int, prefix: str) -> list[Seen]:
    """All names in an open folder, in order. `prefix` stands before each."""
    found: list[Seen] = []
    with os.scandir(folder) as names:
        for name in names:
            try:
                found.append(seen(prefix + name.name, name.stat(follow_symlinks=False)))
            except FileNotFoundError:
                continue  # deleted since
    return sorted(found, key=lambda one: one.entry.path)


def kind_name(mode: int) -> str:
    """What a person calls a thing that is no file."""
    return _KINDS.get(stat.S_IFMT(mode), "something unknown")
