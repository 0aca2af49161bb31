"""The user's folder as an editor shows it: a file that is open there is read with what was typed and not saved, and
written through the editor, which knows how to merge, undo and show it.

The disk has the last word on everything else: which files there are, which paths lead where, and what is no UTF-8 text,
since editors hand over letters and not bytes. Whatever the editor does with a text, it lies on disk afterwards.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from demiurgic.tools.textfile import TextFile, decoded
from demiurgic.workspace.protocol import Entry, Workspace

_LARGEST = 8 << 20
"""Bytes of a file that an editor is asked about."""
_MARK = "\ufeff"


class OpenFiles(Protocol):
    """An editor's files, by their absolute paths. Called from any thread but the event loop's."""

    def read(self, path: Path) -> str | None:
        """The text as it is shown; None where the editor cannot say."""
        ...

    def write(self, path: Path, text: str) -> bool:
        """Show and save a text. Whether the editor says that it did."""
        ...


class Buffers:
    """Satisfies `Workspace`."""

    def __init__(self, disk: Workspace, folder: Path, editor: OpenFiles) -> None:
        """`folder` is what the editor calls the workspace: links on the way to it are its own affair."""
        self._disk, self._folder, self._editor = disk, folder, editor
        self._past: set[str] = set()
        """Files that were written without the editor, until it has read them again: what it shows of them is old."""

    @property
    def root(self) -> Path:
        return self._disk.root

    @property
    def saved(self) -> Workspace:
        return self._disk

    def settle(self, path: str) -> bool:
        data = self._bytes(path)
        if data is None or (shown := self._shown(path, data)) == data:
            return False
        self.write(path, shown)
        return True

    def relative(self, path: str) -> str:
        return self._disk.relative(path)

    def real(self, path: str) -> str:
        return self._disk.real(path)

    def read(self, path: str, limit: int | None = None) -> bytes:
        entry = self._disk.stat(path)
        if entry is None or entry.size > _LARGEST:
            return self._disk.read(path, limit)
        return self._shown(path, self._disk.read(path))[:limit]

    def open(self, path: str) -> BinaryIO:
        entry = self._disk.stat(path)
        file = self._disk.open(path)
        if entry is None or entry.size > _LARGEST:
            return file
        data = file.read()
        shown = self._shown(path, data)
        if shown != data:
            file.close()
            file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
            file.write(shown)
        file.seek(0)
        return file

    def write(self, path: str, data: bytes) -> None:
        """A text goes through the editor. Where it did not come to disk as it was meant, it is written there, too; a
        formatter that runs when the editor saves has its way."""
        before, file = self._bytes(path), decoded(data) if len(data) <= _LARGEST else None
        # The editor follows links: it is asked only where there are none.
        if file is not None and file.encoding == "utf-8" and self._disk.real(path) == path:
            self._editor.write(self._folder / path, self._as_shown(path, file))
            after = self._bytes(path)
            if after is not None and after != before and not _differ_in_form(after, file):
                return
        self._disk.write(path, data)
        self._past.add(path)

    def delete(self, path: str) -> None:
        self._disk.delete(path)

    def stat(self, path: str) -> Entry | None:
        return self._disk.stat(path)

    def entries(self, folder: str) -> Sequence[Entry]:
        return self._disk.entries(folder)

    def walk(self, folder: str = "", ignored: bool = False) -> Iterator[Entry]:
        return self._disk.walk(folder, ignored)

    def _bytes(self, path: str) -> bytes | None:
        """What lies on disk, where it is a file that the editor is asked about."""
        entry = self._disk.stat(path)
        if entry is None or entry.is_folder or entry.is_link or entry.size > _LARGEST:
            return None
        return self._disk.read(path)

    def _shown(self, path: str, data: bytes) -> bytes:
        """What the editor shows, in the form that the file has on disk: its mark, and its line ends."""
        file = decoded(data)
        if file is None or file.encoding != "utf-8":
            return data
        text = self._editor.read(self._folder / path)
        if text is not None and _plain(text) == _plain(file.text):
            self._past.discard(path)
            return data
        if text is None or path in self._past:
            return data
        text = text.removeprefix(_MARK)
        if file.newline == "\r\n" and "\r\n" not in text:
            text = text.replace("\n", "\r\n")
        return file.saying(text).data()

    def _as_shown(self, path: str, file: TextFile) -> str:
        """The text to hand over: without the line ends of the disk where the editor shows none of them."""
        shown = self._editor.read(self._folder / path) if "\r\n" in file.text else None
        return file.text.replace("\r\n", "\n") if shown is not None and "\r\n" not in shown else file.text


def _differ_in_form(data: bytes, meant: TextFile) -> bool:
    """Whether these bytes say what was meant with another mark or other line ends."""
    file = decoded(data)
    return file is not None and data != meant.data() and _plain(file.text) == _plain(meant.text)


def _plain(text: str) -> str:
    return text.removeprefix(_MARK).replace("\r\n", "\n")
