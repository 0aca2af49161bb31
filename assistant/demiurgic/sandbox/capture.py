"""Following one program to its end: what it writes, how long it takes, and who ends it.

Output is read as it comes and only its beginning and end are kept, so that memory stays small whatever a program
writes. A run is over when its first process has ended, even if a process that this one left behind holds a pipe.
Nothing here keeps a program in, and only what `Program.end` ends is ended.
"""

import contextlib
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TypeAlias

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Captured, Limits, OnOutput, Status, Stream

Check: TypeAlias = Callable[[], Status | None]
"""Looks at a run under way; names the limit that it broke."""

_CHUNK = 64 << 10
_PAUSE = 0.02
"""Seconds between two looks at the clock."""
_CHECK_EVERY = 0.05
_LINGER = 0.15
"""Seconds that output may still come after the program's end."""
_PATIENCE = 10.0
"""Seconds within which a killed program must be gone."""


class Keeper:
    """Keeps the beginning and the end of what passes by."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self.total += len(data)
        room = self._kept - len(self._head)
        self._head += data[:room]
        self._tail += data[room:][-self._kept :] if self._kept else b""
        if len(self._tail) > 2 * self._kept:
            del self._tail[: -self._kept]

    def captured(self) -> Captured:
        """What was kept, and how much was not."""
        tail = bytes(self._tail[-self._kept :]) if self._kept else b""
        return Captured(bytes(self._head), tail, self.total - len(self._head) - len(tail))


class Watch:
    """Says when a run has had enough. May be asked as often as one likes: the checks are made 20 times a second."""

    def __init__(self, limits: Limits, cancel: threading.Event | None = None, checks: Sequence[Check] = ()) -> None:
        self._limits, self._cancel, self._checks = limits, cancel, tuple(checks)
        self.started = time.monotonic()
        self.output = 0
        self._next_check = self.started

    def verdict(self) -> Status | None:
        """Why the run must end now, if it must."""
        if self._cancel is not None and self._cancel.is_set():
            return Status.CANCELLED
        if self.output > self._limits.output_total:
            return Status.OUTPUT_LIMIT
        now = time.monotonic()
        if now - self.started >= self._limits.wall:
            return Status.TIMEOUT
        return self.look() if now >= self._next_check else None

    def look(self) -> Status | None:
        """Make the checks now."""
        found = next((status for check in self._checks if (status := check()) is not None), None)
        self._next_check = time.monotonic() + _CHECK_EVERY
        return found


@dataclass(frozen=True, slots=True)
class Program:
    """A process whose output is piped, and what ends it together with all that it started."""

    process: subprocess.Popen[bytes]
    end: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run went. `verdict` is None if nobody here ended it."""

    verdict: Status | None
    stdout: Captured
    stderr: Captured
    wall: float


def capture(program: Program, limits: Limits, watch: Watch, stdin: bytes, on_output: OnOutput | None) -> Ending:
    """Feed a program, read what it writes, and end it when the watch says so."""
    run = _Run(program, limits, watch, stdin, on_output)
    try:
        verdict = run.follow()
    except BaseException:
        program.end()
        raise
    finally:
        run.close()
    return Ending(verdict, run.kept["stdout"].captured(), run.kept["stderr"].captured(), run.wall)


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    """Let go of a process's three streams."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


class _Run:
    """The pipes of one program, and how far it is."""

    def __init__(
        self, program: Program, limits: Limits, watch: Watch, stdin: bytes, on_output: OnOutput | None
    ) -> None:
        self._program, self._watch, self._on_output = program, watch, on_output
        self._unsent = memoryview(stdin)
        self._selector = selectors.DefaultSelector()
        self.kept: dict[Stream, Keeper] = {"stdout": Keeper(limits.output_kept), "stderr": Keeper(limits.output_kept)}
        self.wall = 0.0
        process = program.process
        self._open(process.stdout, selectors.EVENT_READ, lambda fd: self._read(fd, "stdout"))
        self._open(process.stderr, selectors.EVENT_READ, lambda fd: self._read(fd, "stderr"))
        self._open(process.stdin, selectors.EVENT_WRITE, self._write)
        self._exit = os.pidfd_open(process.pid) if process.poll() is None else None
        if self._exit is not None:
            self._selector.register(self._exit, selectors.EVENT_READ, self._forget)

    def follow(self) -> Status | None:
        """Until the program has ended, by itself or not."""
        verdict = None
        while self._program.process.poll() is None:
            self._turn(_PAUSE)
            verdict = self._watch.verdict()
            if verdict is not None:
                self._program.end()
                self._await_end()
        self.wall = time.monotonic() - self._watch.started
        until = time.monotonic() + _LINGER
        while self._reading() and time.monotonic() < until and self._watch.verdict() is not Status.OUTPUT_LIMIT:
            self._turn(_PAUSE)
        return verdict

    def close(self) -> None:
        """Let go of the pipes."""
        self._selector.close()
        if self._exit is not None:
            os.close(self._exit)
        close_pipes(self._program.process)

    def _open(self, pipe: IO[bytes] | None, event: int, handler: Callable[[int], None]) -> None:
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe.fileno(), event, handler)

    def _reading(self) -> bool:
        return any(key.events & selectors.EVENT_READ for key in self._selector.get_map().values())

    def _turn(self, pause: float) -> None:
        for key, _ in self._selector.select(pause):
            key.data(key.fd)

    def _await_end(self) -> None:
        until = time.monotonic() + _PATIENCE
        while self._program.process.poll() is None:
            if time.monotonic() > until - _PATIENCE / 2:
                self._program.process.kill()
            if time.monotonic() > until:
                raise SandboxError(
                    f"process {self._program.process.pid} did not end when it was killed", "see ps, and end it by hand"
                )
            self._turn(_PAUSE)

    def _forget(self, fd: int) -> None:
        self._selector.unregister(fd)

    def _read(self, fd: int, stream: Stream) -> None:
        data = os.read(fd, _CHUNK)
        if not data:
            self._selector.unregister(fd)
            return
        self._watch.output += len(data)
        self.kept[stream].add(data)
        if self._on_output is not None:
            self._on_output(stream, data)

    def _write(self, fd: int) -> None:
        try:
            self._unsent = self._unsent[os.write(fd, self._unsent[:_CHUNK]) :]
        except BrokenPipeError:
            self._unsent = self._unsent[:0]
        if not self._unsent:
            self._selector.unregister(fd)
            assert self._program.process.stdin is not None
            self._program.process.stdin.close()
