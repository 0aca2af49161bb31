"""The one seam through which a program that stays is started in a sandbox, and the pipes of one that runs here.

Whoever can start such a program, in whatever kind of sandbox, has a Python kernel for nothing. What the program
writes is worth as much as the program: nothing of it is checked here.
"""

import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

from demiurgic.errors import SandboxError
from demiurgic.sandbox.capture import close_pipes

_CHUNK = 64 << 10
_DRAIN = 16
"""Chunks of output that are read at most before replies are handed over."""
_PATIENCE = 10.0
_PAUSE = 0.05
"""Seconds for which the pipes are held at most while nothing can be written."""


class Channel(StrEnum):
    """Where something that a program wrote came out."""

    REPLIES = "replies"
    STDOUT = "stdout"
    STDERR = "stderr"


class Spawned(Protocol):
    """A program that stays, in a sandbox. Its orders go to its standard input; its replies come on a channel of their
    own, so that whatever it prints cannot be taken for one."""

    @property
    def ended(self) -> bool:
        """Whether it has ended and everything that it wrote was received."""
        ...

    def send(self, data: bytes) -> None:
        """Write to its standard input. Raises SandboxError if it does not read, or is gone."""
        ...

    def receive(self, timeout: float) -> Sequence[tuple[Channel, bytes]]:
        """What has come, at the latest after `timeout` seconds; nothing if nothing did. What was written to stdout or
        stderr before a reply comes before that reply."""
        ...

    def end(self) -> None:
        """End it and everything that it started, and wait until they are gone. May be called more than once."""
        ...


Arguments: TypeAlias = Callable[[int], tuple[str, ...]]
"""The command line of a program that stays, given the number of the file descriptor that its replies go to."""

Spawner: TypeAlias = Callable[[Arguments], Spawned]
"""Starts such a program in a sandbox. Raises SandboxError if that fails."""

Start: TypeAlias = Callable[[int], subprocess.Popen[bytes]]
"""Starts a process with all three pipes that also inherits this descriptor."""


class PipedProgram:
    """Satisfies `Spawned` for a child of this process. `settle` ends it and returns when nothing of it is left.

    Whoever uses the pipes holds `_pipes`, and they are closed by whoever holds it: no descriptor is ever waited for or
    read that may belong to something else by then.
    """

    def __init__(self, start: Start, settle: Callable[[subprocess.Popen[bytes]], None]) -> None:
        self._settle = settle
        self._ending, self._pipes = threading.Lock(), threading.Lock()
        self._closed = False
        replies, theirs = os.pipe()
        try:
            self._process = _start_for_good(lambda: start(theirs))
        except BaseException:
            os.close(replies)
            raise
        finally:
            os.close(theirs)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._replies = replies
        self._stdin = process.stdin
        self._outputs = {process.stdout.fileno(): Channel.STDOUT, process.stderr.fileno(): Channel.STDERR}
        self._open = {*self._outputs, replies}
        for fd in (*self._open, self._stdin.fileno()):
            os.set_blocking(fd, False)

    @property
    def ended(self) -> bool:
        return self._closed or (not self._open and self._process.poll() is not None)

    def send(self, data: bytes) -> None:
        unsent, until = memoryview(data), time.monotonic() + _PATIENCE
        while unsent:
            with self._pipes:
                if self._closed:
                    return
                written = self._write(unsent[:_CHUNK])
            if not written and time.monotonic() > until:
                raise SandboxError("a program in the sandbox does not read what it is sent")
            unsent = unsent[written:]

    def receive(self, timeout: float) -> Sequence[tuple[Channel, bytes]]:
        with self._pipes:
            return [] if self._closed or not self._open else self._receive(timeout)

    def end(self) -> None:
        with self._ending:
            if self._closed:
                return
            self._closed = True
            try:
                self._settle(self._process)
            finally:
                with self._pipes:  # let go of soon: nothing comes of a program that has ended, and nobody begins anew
                    os.close(self._replies)
                    close_pipes(self._process)

    def _write(self, data: memoryview) -> int:
        if not _ready([], [self._stdin.fileno()], _PAUSE):
            return 0
        try:
            return os.write(self._stdin.fileno(), data)
        except BrokenPipeError:
            raise SandboxError("a program in the sandbox has ended") from None

    def _receive(self, timeout: float) -> Sequence[tuple[Channel, bytes]]:
        ready = _ready(sorted(self._open), [], timeout)
        replies = self._read(self._replies) if self._replies in ready else b""
        if not replies and self._process.poll() is not None and not ready:
            self._open.clear()
        came = [(channel, data) for fd, channel in self._outputs.items() for data in self._drain(fd)]
        return [*came, (Channel.REPLIES, replies)] if replies else came

    def _drain(self, fd: int) -> list[bytes]:
        pieces: list[bytes] = []
        while fd in self._open and len(pieces) < _DRAIN and (data := self._read(fd)):
            pieces.append(data)
        return pieces

    def _read(self, fd: int) -> bytes:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._open.discard(fd)
        return data


def _ready(read: list[int], write: list[int], timeout: float) -> set[int]:
    poll = select.poll()
    for fd in read:
        poll.register(fd, select.POLLIN)
    for fd in write:
        poll.register(fd, select.POLLOUT)
    return {fd for fd, _ in poll.poll(max(0.0, timeout) * 1000)}


def _start_for_good(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Start a process from a thread that lives as long as the process does. A process that is to die with its parent
    dies with the thread that started it, and the caller's may end any moment."""
    started: list[subprocess.Popen[bytes] | BaseException] = []
    ready = threading.Event()

    def keep() -> None:
        try:
            started.append(start())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            started.append(error)
            return
        finally:
            ready.set()
        process = started[0]
        assert isinstance(process, subprocess.Popen)
        process.wait()

    threading.Thread(target=keep, name="sandbox-program", daemon=True).start()
    ready.wait()
    if isinstance(started[0], BaseException):
        raise started[0]
    return started[0]
