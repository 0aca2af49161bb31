"""What the rest of the program may ask of the user's folder. Paths are relative to it, with `/`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder. A symbolic link is listed and never followed."""

    path: str
    is_folder: bool
    is_link: bool
    size: int
    modified: float


class Workspace(Protocol):
    """Files beneath one folder. Every open is resolved beneath it by the kernel: links, `..` and folders that are
    swapped meanwhile cannot lead out. Only `real` follows links; everything else refuses to go through one.
    Raises WorkspaceError with what is wrong and what is really there."""

    @property
    def root(self) -> Path: ...

    @property
    def saved(self) -> "Workspace":
        """The same files as they lie on disk, for whoever looks into many. Elsewhere an editor's text may stand for one
        that it has not saved."""
        ...

    def settle(self, path: str) -> bool:
        """Bring to disk what the user has changed in a file and not saved. Whether there was anything."""
        ...

    def relative(self, path: str) -> str:
        """A path as the model wrote it (absolute, `./`, `~` or relative), in the workspace's own form. Purely lexical;
        raises OutsideWorkspace where it leads out."""
        ...

    def real(self, path: str) -> str:
        """The path with the links on its way resolved: what is to be judged and opened in its place. It need not
        exist. Raises OutsideWorkspace where a link leads out."""
        ...

    def read(self, path: str, limit: int | None = None) -> bytes:
        """The whole file, or its first `limit` bytes. Without a limit, one that memory should not hold is refused."""
        ...

    def open(self, path: str) -> BinaryIO:
        """A file to be read in parts. The caller closes it."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Replace or create, folders included. Written beside and renamed: the file is never half there. The mode of
        the file that was there is kept."""
        ...

    def delete(self, path: str) -> None: ...

    def stat(self, path: str) -> Entry | None: ...

    def entries(self, folder: str) -> Sequence[Entry]: ...

    def walk(self, folder: str = "", ignored: bool = False) -> Iterator[Entry]:
        """All files beneath, in a settled order; what .gitignore excludes only if `ignored`. `.git` never."""
        ...
