"""The process that judges: it holds the tests, and asks a candidate in another process for the answers.

Runs as `python -I -m …judge_worker DESCRIPTOR`, the descriptor being its end of the line to whoever starts candidates.
Jobs come on stdin and verdicts go to stdout, as JSON after eight bytes of length; what tests print goes nowhere.

    job        {"prompt": "", "test": "", "entry": "", "source": "", "wall": seconds, "cpu": seconds}
    verdict    {"outcome": "", "detail": "", "line": "", "cpu": s, "wall": s}, {"bad": "why"} or {"broken": "why"}
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import BinaryIO, cast

from demiurgic.evaluation.executing.asking import BadTest, Broken, Line
from demiurgic.evaluation.executing.judging import Finding, Trial, try_program
from demiurgic.evaluation.verdicts import Outcome

_DIES_WITH_PARENT = 1
_DUMPABLE = 4
_MEMORY = 4 << 30
_PATIENCE = 10.0
"""Seconds within which a candidate that is killed must be gone."""
_ALMOST = 0.5
"""Of the CPU time allowed: a machine whose own time is taken from it counts more than it gives."""


@dataclass(frozen=True, slots=True)
class _End:
    """How a candidate's process ended."""

    status: int
    cpu: float
    ended: bool
    """From here."""

    def refined(self, finding: Finding, limit: float) -> Finding:
        """What a finding becomes when its candidate was seen to hang up."""
        if not finding.gone or self.ended:
            return finding
        code = os.waitstatus_to_exitcode(self.status)
        if code >= 0:
            return Finding(finding.outcome, f"it ended with exit code {code} before its tests were over")
        if -code in (signal.SIGXCPU, signal.SIGKILL) and self.cpu >= _ALMOST * limit:
            return Finding(Outcome.CPU_TIMEOUT, f"it computed for {self.cpu:.1f} s")
        return Finding(Outcome.CRASH, f"it was ended by {signal.Signals(-code).name}")


class Judge:
    """One trial after another."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def judge(self, job: dict[str, object]) -> dict[str, object]:
        """The verdict on one candidate."""
        trial = Trial(*(cast("str", job[name]) for name in ("prompt", "test", "entry", "source")))
        wall, limit = cast("float", job["wall"]), cast("float", job["cpu"])
        start = time.monotonic()
        try:
            finding, end = self._try(trial, wall)
        except BadTest as error:
            return {"bad": str(error)}
        except (Broken, OSError) as error:
            return {"broken": str(error)}
        final = end.refined(finding, limit)
        return {
            "outcome": final.outcome.value,
            "detail": final.detail,
            "line": final.line,
            "cpu": end.cpu,
            "wall": time.monotonic() - start,
        }

    def _try(self, trial: Trial, wall: float) -> tuple[Finding, _End]:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(self._control, [b"run"], [theirs.fileno()])
            try:
                finding = try_program(trial, Line(ours, wall))
            except BaseException:
                self._end(b"kill")
                raise
            return finding, self._end(b"wait" if finding.gone else b"kill")

    def _end(self, order: bytes) -> _End:
        self._control.settimeout(_PATIENCE)
        self._control.send(order)
        said = self._control.recv(256).decode().split()
        self._control.settimeout(None)
        if len(said) != 3:
            raise Broken("the process that starts candidates has ended")
        return _End(int(said[0]), float(said[1]), said[2] == "1")


def _jobs_and_verdicts() -> tuple[BinaryIO, BinaryIO]:
    """What stdin and stdout are for, out of the reach of what tests print."""
    jobs, verdicts = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    os.close(nothing)
    return jobs, verdicts


def _guard() -> None:
    """End with whoever started this, let nobody look into it, and hold no more than a judge needs."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


def main() -> None:
    """Judge until there are no more jobs."""
    _guard()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, verdicts = _jobs_and_verdicts()
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    judge = Judge(control)
    while length := int.from_bytes(jobs.read(8), "little"):
        body = json.dumps(judge.judge(json.loads(jobs.read(length)))).encode()
        verdicts.write(len(body).to_bytes(8, "little") + body)
        verdicts.flush()


if __name__ == "__main__":
    main()
