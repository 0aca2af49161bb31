"""A program on a pseudo-terminal, 60 columns wide, as a person would meet it."""

import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

PATIENCE = 60.0


class Terminal:
    """Our end of the terminal."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int) -> None:
        self.process, self._fd, self._shown = process, fd, ""

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def wait_for(self, pattern: str) -> str:
        """Wait until what came since the last wait matches. Returns that."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self._shown, re.DOTALL):
            assert time.monotonic() < deadline, f"no {pattern!r} in {self._shown!r}"
            if select.select([self._fd], [], [], 0.2)[0]:
                self._shown += os.read(self._fd, 4096).decode(errors="replace")
        seen, self._shown = self._shown, ""
        return seen


@contextmanager
def terminal(arguments: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Generator[Terminal]:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=cwd, preexec_fn=lambda: _own(theirs)
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)


def _own(fd: int) -> None:
    os.setsid()
    ioctl(fd, termios.TIOCSCTTY, 0)
