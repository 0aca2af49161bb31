"""Which files a conversation has seen, and as what: for drafts, for noticing changes, and for what a summary keeps."""

from collections.abc import Iterable

from demiurgic.errors import DemiurgicError
from demiurgic.tools.textfile import fingerprint
from demiurgic.workspace.protocol import Workspace

_LARGEST = 200_000
"""Bytes of a file that are worth following."""
_MOST = 32


class OpenFiles:
    """Files that were read or written, the latest last."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: dict[str, str] = {}
        self.seen: dict[str, str] = {}
        """For each the hash of what the model saw."""
        self.written: dict[str, None] = {}

    @property
    def paths(self) -> list[str]:
        """The latest first."""
        return list(reversed(self._open))

    def note(self, read: Iterable[str], wrote: Iterable[str]) -> None:
        """Take in what a call touched."""
        wrote = list(wrote)
        self.written |= dict.fromkeys(wrote)
        for path in (*read, *wrote):
            data = self._data(path)
            self._open.pop(path, None)
            if data is None:
                self.seen.pop(path, None)
                continue
            self.seen[path] = fingerprint(data)
            self._open[path] = data.decode("utf-8", "replace")
        for path in list(self._open)[:-_MOST]:
            del self._open[path]

    def note_unseen(self, wrote: Iterable[str]) -> None:
        """Take in what somebody else wrote for the model, which has not seen it."""
        self.written |= dict.fromkeys(wrote)

    @property
    def texts(self) -> dict[str, str]:
        """What the model saw of them, the latest last."""
        return dict(self._open)

    def latest(self) -> str:
        """The text of the file that was touched last."""
        return next(reversed(self._open.values()), "")

    def text(self, path: str) -> str | None:
        """A file as it is now."""
        data = self._data(path)
        return None if data is None else data.decode("utf-8", "replace")

    def _data(self, path: str) -> bytes | None:
        try:
            entry = self._workspace.stat(path)
            if entry is None or entry.is_folder or entry.is_link or entry.size > _LARGEST:
                return None
            return self._workspace.read(path)
        except DemiurgicError:
            return None  # it cannot be followed; whoever opens it will be told why
