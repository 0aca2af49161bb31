"""A Python interpreter that stays, whatever sandbox it runs in.

Its inner half runs code that nobody vouches for, so each line from it is measured, parsed and checked as if that code
had written it. A cell that will not stop is interrupted first, which keeps the variables, and killed after that,
which does not.
"""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from demiurgic.errors import SandboxError
from demiurgic.sandbox.capture import Check, Keeper, Watch
from demiurgic.sandbox.protocol import CellResult, CellStatus, Limits, Status
from demiurgic.sandbox.spawn import Channel, Spawned, Spawner

_WORKER = Path(__file__).with_name("kernel_worker.py")
_LONGEST_REPLY = 4 << 20
_GRACE = 5.0
"""Seconds that an interrupted cell may take to stop."""
_AGAIN = 0.5
"""Seconds between two interruptions: the code may have swallowed the first."""
_PAUSE = 0.02
_WHY = {
    Status.TIMEOUT: "it took longer than {wall:g} s",
    Status.OUTPUT_LIMIT: "it wrote too much",
    Status.DISK_LIMIT: "it filled the disk",
    Status.MEMORY_LIMIT: "it took too much memory",
    Status.CANCELLED: "it was cancelled",
}
_STATUSES = {"ok": CellStatus.OK, "error": CellStatus.ERROR, "interrupted": CellStatus.INTERRUPTED}


class PythonKernel:
    """Satisfies `Kernel`. `checks` are asked while a cell runs."""

    def __init__(self, spawn: Spawner, limits: Limits, checks: tuple[Check, ...] = ()) -> None:
        self._spawn, self._limits, self._checks = spawn, limits, checks
        self._source = _WORKER.read_text("utf-8")
        self._turn = threading.Lock()
        self._cells = 0
        self._closed = False
        self._worker: Spawned | None = self._start()

    def cell(self, code: str, wall: float = 60.0, cancel: threading.Event | None = None) -> CellResult:
        """Run code; one cell at a time."""
        with self._turn:
            if self._closed:
                raise SandboxError("the kernel is closed")
            if self._worker is None:
                self._worker = self._start()
            self._cells += 1
            limits = Limits(wall=wall, output_total=self._limits.output_total, output_kept=self._limits.output_kept)
            cell = _Cell(self._worker, self._cells, limits, Watch(limits, cancel, self._checks))
            result = cell.run(code)
            if result.status is CellStatus.DIED:
                self._end()
            return result

    def restart(self) -> None:
        """Forget everything. A cell under way dies."""
        worker = self._worker  # once: the cell that dies of it lets go of it in its own thread
        if worker is not None:
            worker.end()
        with self._turn:
            self._end()

    def close(self) -> None:
        """End the interpreter."""
        self._closed = True
        self.restart()

    def _start(self) -> Spawned:
        return self._spawn(lambda replies: ("python3", "-I", "-c", self._source, str(replies)))

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


@dataclass(frozen=True, slots=True)
class _Reply:
    """What a cell came to, as far as its process can be believed."""

    status: CellStatus
    value: str
    error: str


@dataclass(slots=True)
class _Cell:
    """One cell under way."""

    worker: Spawned
    number: int
    limits: Limits
    watch: Watch
    _kept: dict[Channel, Keeper] = field(default_factory=dict[Channel, Keeper])
    _line: bytearray = field(default_factory=bytearray)

    def run(self, code: str) -> CellResult:
        """To its end, or to the end of the process."""
        self._kept = {channel: Keeper(self.limits.output_kept) for channel in (Channel.STDOUT, Channel.STDERR)}
        try:
            self._order({"cell": self.number, "code": code})
            reply, why = self._follow()
        except SandboxError as error:
            reply, why = None, str(error)
        if reply is None:
            said = why or "its process ended"
            reply = _Reply(CellStatus.DIED, "", f"The kernel died: {said}. All variables are lost.")
        elif reply.status is CellStatus.INTERRUPTED and why:
            reply = _Reply(reply.status, "", f"Interrupted: {why}. Variables are kept.")
        out, err = self._kept[Channel.STDOUT].captured(), self._kept[Channel.STDERR].captured()
        wall = time.monotonic() - self.watch.started
        return CellResult(reply.status, out, err, reply.value, reply.error, wall)

    def _follow(self) -> tuple[_Reply | None, str]:
        why, until, again = "", None, 0.0
        while not self.worker.ended and (until is None or time.monotonic() < until):
            reply = self._receive()
            if reply is not None:
                return reply, why
            verdict = self.watch.verdict() if until is None else None
            if verdict is not None:
                why, until = _WHY[verdict].format(wall=self.limits.wall), time.monotonic() + _GRACE
            if until is not None and time.monotonic() >= again:
                self._order({"interrupt": self.number})
                again = time.monotonic() + _AGAIN
        if until is not None:
            return None, f"{why} and did not stop when it was interrupted"
        broken = self.watch.look()
        return None, _WHY[broken].format(wall=self.limits.wall) if broken is not None else ""

    def _order(self, order: dict[str, object]) -> None:
        self.worker.send(json.dumps(order).encode() + b"\n")

    def _receive(self) -> _Reply | None:
        found = None
        for channel, data in self.worker.receive(_PAUSE):
            if channel is Channel.REPLIES:
                found = found or self._parse(data)
            else:
                self.watch.output += len(data)
                self._kept[channel].add(data)
        return found

    def _parse(self, data: bytes) -> _Reply | None:
        self._line += data
        if len(self._line) > _LONGEST_REPLY:
            raise SandboxError("its process sent something that is no reply")
        end = self._line.rfind(b"\n")
        if end < 0:
            return None
        lines, self._line = self._line[:end].split(b"\n"), self._line[end + 1 :]
        return next((reply for line in lines if (reply := self._believed(bytes(line))) is not None), None)

    def _believed(self, line: bytes) -> _Reply | None:
        """The reply that a line holds; None for one of another cell."""
        read: object = None
        with contextlib.suppress(ValueError, RecursionError):
            read = json.loads(line)
        reply = cast("dict[str, object]", read) if isinstance(read, dict) else {}
        number, status = reply.get("cell"), reply.get("status")
        value, error = reply.get("value"), reply.get("error")
        known = _STATUSES.get(status) if isinstance(status, str) else None
        if type(number) is not int or known is None or not isinstance(value, str) or not isinstance(error, str):
            raise SandboxError("its process sent something that is no reply")
        if number != self.number:
            return None
        kept = self.limits.output_kept
        return _Reply(known, _shortened(value, kept), _shortened(error, kept))


def _shortened(text: str, kept: int) -> str:
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= 2 * kept:
        return text
    return f"{text[:kept]}\n[{len(text) - 2 * kept} characters left out]\n{text[-kept:]}"
