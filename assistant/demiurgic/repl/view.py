"""Writes a reply to a terminal of any kind: one that obeys escape sequences, one that does not, or a file."""

from typing import TextIO

from demiurgic.events import ReplyEnded
from demiurgic.workspace.shown import visible


class View:
    """Writes to a terminal of any kind."""

    def __init__(self, out: TextIO, *, dumb: bool) -> None:
        self._out = out
        self._moves = out.isatty() and not dumb
        self._progress_shown = False
        self._thinking = False

    def line(self, text: str) -> None:
        """A line of our own."""
        self._clear()
        self._write(text + "\n")

    def progress(self, done: int, total: int) -> None:
        """How much of the prompt has been read, if that takes long enough to be worth saying."""
        if self._moves and total > 200 and done < total:
            self._write(f"\rreading {100 * done // total} %")
            self._progress_shown = True

    def thought(self, text: str) -> None:
        """More of what the model thinks."""
        self._clear()
        if not self._thinking and self._moves:
            self._write("\x1b[2m")
        self._thinking = True
        self._write(visible(text))

    def said(self, text: str) -> None:
        """More of the answer."""
        self._clear()
        if self._thinking:
            self._write("\x1b[0m\n" if self._moves else "\n")
            self._thinking = False
        self._write(visible(text))

    def end(self, ended: ReplyEnded) -> None:
        """The reply is over."""
        self._clear()
        if self._thinking:
            self._write("\x1b[0m" if self._moves else "")
            self._thinking = False
        note = {"length": " [cut off: no room is left]", "cancelled": " [stopped]"}.get(ended.finish, "")
        self._write(f"{note}\n")

    def _clear(self) -> None:
        if self._progress_shown:
            self._write("\r" + " " * 20 + "\r")
            self._progress_shown = False

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
