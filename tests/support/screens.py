"""A program in tmux: what a person would see, scrolled lines included."""

import re
import shlex
import subprocess
import time
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

PATIENCE = 30.0


class Screen:
    """One window of a tmux server of our own."""

    def __init__(self, server: str) -> None:
        self._server = server

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names of them."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """As a terminal pastes: in brackets, where the program asked for them."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def shown(self) -> str:
        """All lines from the beginning, without empty ones at the end."""
        return self._tmux("capture-pane", "-p", "-S", "-").rstrip()

    def wait_for(self, pattern: str, patience: float = PATIENCE) -> str:
        """Wait until the screen matches; returns it."""
        deadline = time.monotonic() + patience
        while not re.search(pattern, shown := self.shown(), re.DOTALL | re.MULTILINE):
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{shown}"
            time.sleep(0.05)
        return shown

    def mode(self, flag: str) -> str:
        """What tmux knows of the window, such as `alternate_on`."""
        return self._tmux("display-message", "-p", f"#{{{flag}}}").strip()

    def _tmux(self, *arguments: str) -> str:
        return _tmux(self._server, *arguments)


@contextmanager
def screen(
    arguments: Sequence[str], env: Mapping[str, str], folder: str, columns: int, rows: int = 24
) -> Generator[Screen]:
    server = f"demiurgic-{uuid.uuid4().hex[:12]}"
    words = ["env", *(f"{name}={value}" for name, value in env.items()), *arguments]
    # The last line tells how the program ended, and the window stays to be read.
    command = f"{shlex.join(words)}; echo ended with $?; sleep 600"
    size = ("-x", str(columns), "-y", str(rows))
    _tmux(server, "-u", "-f", "/dev/null", "new-session", "-d", *size, "-c", folder, command)
    try:
        yield Screen(server)
    finally:
        _tmux(server, "kill-server")


def _tmux(server: str, *arguments: str) -> str:
    done = subprocess.run(
        ["tmux", "-L", server, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return done.stdout
