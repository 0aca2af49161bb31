"""One run in a container as its caller sees it: what is kept of its output, when it must end, what became of it."""

import os
import signal
import threading
import time

from demiurgic.sandbox.capture import Keeper, Watch
from demiurgic.sandbox.disk import Disk
from demiurgic.sandbox.docker import supervisor
from demiurgic.sandbox.docker.container import Ending
from demiurgic.sandbox.local import ended_by, judged
from demiurgic.sandbox.protocol import Command, Guard, OnOutput, Result, Status, Stream

_STREAMS: dict[bytes, Stream] = {supervisor.STDOUT: "stdout", supervisor.STDERR: "stderr"}
_REASONS = {
    supervisor.TIMEOUT: Status.TIMEOUT,
    supervisor.OUTPUT_LIMIT: Status.OUTPUT_LIMIT,
    supervisor.MEMORY_LIMIT: Status.MEMORY_LIMIT,
}


class Run:
    """A program that is about to start. `disk` watches what it adds to the workspace."""

    def __init__(
        self, command: Command, on_output: OnOutput | None, cancel: threading.Event | None, disk: Disk | None
    ) -> None:
        self._command, self._on_output = command, on_output
        self._disk = disk
        self._watch = Watch(command.limits, cancel, [disk.check] if disk else [])
        self._verdict: Status | None = None
        kept = command.limits.output_kept
        self._kept: dict[Stream, Keeper] = {"stdout": Keeper(kept), "stderr": Keeper(kept)}

    def carry(self, kind: bytes, data: bytes) -> None:
        """Take what it wrote."""
        stream = _STREAMS[kind]
        self._kept[stream].add(data)
        if self._on_output is not None:
            self._on_output(stream, data)

    def stopped(self) -> bool:
        """Whether it must end now."""
        self._verdict = self._watch.verdict()
        return self._verdict is not None

    def ended_with_its_container(self, verdict: Status) -> Ending:
        """What is known then."""
        self._verdict = verdict
        wall = time.monotonic() - self._watch.started
        return Ending(signal.SIGKILL, 0, supervisor.EXITED, wall, cpu=0.0, peak=0, memory=False, clean=False)

    def result(self, ending: Ending, backend: str, enforced: frozenset[Guard]) -> Result:
        """What became of it."""
        code, signalled = ended_by(os.waitstatus_to_exitcode(ending.status))
        if ending.failure:
            self.carry(supervisor.STDERR, self._complaint(ending.failure))
        return Result(
            status=self._status(ending, code, signalled),
            exit_code=code,
            signal=signalled,
            stdout=self._kept["stdout"].captured(),
            stderr=self._kept["stderr"].captured(),
            wall=ending.wall,
            cpu=ending.cpu,
            peak_memory=ending.peak,
            backend=backend,
            enforced=enforced,
        )

    def _status(self, ending: Ending, code: int | None, signalled: int | None) -> Status:
        stopped = self._verdict or _REASONS.get(ending.reason) or (self._disk and self._disk.check())
        if stopped is not None:
            return stopped
        if ending.memory and code != 0:
            return Status.MEMORY_LIMIT
        return judged(code, signalled, ending.cpu, self._command.limits)

    def _complaint(self, failure: int) -> bytes:
        what = self._command.argv[0]
        return f"{what}: {os.strerror(failure)}\n".encode()
