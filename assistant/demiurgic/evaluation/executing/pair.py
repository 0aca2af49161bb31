"""A judge and a server of candidates, two processes that are started, used and ended together.

What hangs or breaks is ended and started anew; a candidate that brings them down twice has itself to blame. Belongs to
one thread, but `end` may be called from any.
"""

import contextlib
import json
import marshal
import os
import select
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from demiurgic.errors import BadEvaluationFile, SandboxError
from demiurgic.evaluation.executing.houses import House
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.executing.packages import PACKAGES
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.verdicts import Candidate, Outcome, Verdict

_FOLDER = Path(__file__).parent
_JUDGE = "demiurgic.evaluation.executing.judge_worker"
_SLOW_START = 60.0
_PRELOAD = (
    *("bisect", "collections", "copy", "functools", "heapq", "itertools"),
    *("math", "operator", "random", "re", "string", "typing"),
)
"""Standard modules that are warm in every server; others are imported by whoever wants them."""
_TRIES = """
import os, socket
def tries(paths):
    done = []
    attempts = [(path, lambda path=path: os.close(os.open(path, os.O_RDONLY))) for path in paths]
    for name, attempt in [*attempts, ("a socket", socket.socket)]:
        try:
            attempt()
            done.append(name)
        except OSError:
            pass
    return done
"""


class Ended(Exception):
    """The pair was ended from elsewhere."""


class _Died(Exception):
    """The judge or the server did."""


class Pair:
    """One place at which one candidate after another is judged."""

    def __init__(self, house: House, limits: TrialLimits) -> None:
        self._house, self._limits = house, limits
        self._server = (_FOLDER / "server_worker.py").read_text("utf-8")
        self._candidate = (_FOLDER / "candidate_worker.py").read_text("utf-8")
        self._warm: frozenset[str] = frozenset()
        self._stack: ExitStack | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._judge: subprocess.Popen[bytes] | None = None

    def judge(self, candidate: Candidate) -> Verdict:
        """The verdict on a candidate. Raises SandboxError where nothing can be run, BadEvaluationFile where the
        problem's test cannot."""
        why = ""
        for _ in range(2):
            try:
                self._begin(_packages_of(candidate.problem))
                return self._verdict(candidate)
            except TimeoutError:
                self._stop()
                return Verdict(Outcome.WALL_TIMEOUT, "its tests did not come to an end")
            except _Died as error:
                self._stop()
                why = str(error)
        return Verdict(Outcome.CRASH, f"it brought down the process that it was judged by ({why})")

    def end(self) -> None:
        """Have whatever is under way broken off with `Ended`. From any thread."""
        with self._lock:
            self._ended = True
            if self._judge is not None:
                self._judge.kill()

    def close(self) -> None:
        """End both processes. From the thread that judges."""
        self._stop()

    def _begin(self, packages: frozenset[str]) -> None:
        if self._stack is not None and packages <= self._warm:
            return
        self._stop()
        self._warm |= packages
        with ExitStack() as stack:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours, theirs:
                self._start_server(ours, theirs, stack)
                judge = self._start_judge(ours)
            stack.callback(_end_judge, judge)
            with self._lock:
                if self._ended:
                    raise Ended
                self._judge = judge
            self._try_out()
            self._stack = stack.pop_all()

    def _try_out(self) -> None:
        """What a program can do here that it must not, and whether one can pass at all: found by running one."""
        forbidden = self._house.forbidden
        test = f"def check(candidate):\n    found = candidate({list(forbidden)!r})\n    assert not found, found\n"
        if not forbidden:
            test = "def check(candidate):\n    assert candidate([]) == ['a socket']\n"
        try:
            verdict = self._verdict(Candidate("", Problem("trial", "", "tries", test), _TRIES))
        except (_Died, TimeoutError) as error:
            raise SandboxError(f"{self._house.name}: no program can be run: {error}") from error
        if not verdict.passed:
            raise SandboxError(f"{self._house.name} does not hold: {verdict.detail}", "see demiurgic doctor")

    def _start_server(self, ours: socket.socket, theirs: socket.socket, stack: ExitStack) -> None:
        settings = {
            **self._house.settings(self._limits),
            "candidate": self._candidate,
            "preload": [*_PRELOAD, *sorted(self._warm)],
        }
        ours.send(marshal.dumps(settings))
        housed = self._house.start(self._server, theirs.fileno(), self._limits)
        theirs.close()
        said = _first_word(ours)
        if said != "ready":
            wrote = housed.end()
            raise SandboxError(f"programs cannot be confined by {self._house.name}: {said or wrote or 'silence'}")
        stack.callback(housed.end)

    def _start_judge(self, ours: socket.socket) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-m", _JUDGE, str(ours.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=[ours.fileno()],
            start_new_session=True,
        )

    def _stop(self) -> None:
        with self._lock:
            self._judge = None
        stack, self._stack = self._stack, None
        if stack is not None:
            stack.close()

    def _verdict(self, candidate: Candidate) -> Verdict:
        problem = candidate.problem
        job = {
            "prompt": problem.prompt,
            "test": problem.test,
            "entry": problem.entry_point,
            "source": candidate.source,
            "wall": self._limits.wall,
            "cpu": float(self._limits.whole_cpu),
        }
        said = self._exchange(json.dumps(job).encode())
        if "bad" in said:
            raise BadEvaluationFile(f"{problem.task_id}: its test cannot be run: {said['bad']}")
        if "broken" in said:
            raise _Died(str(said["broken"]))
        times = cast("float", said["cpu"]), cast("float", said["wall"])
        return Verdict(Outcome(said["outcome"]), str(said["detail"]), str(said["line"]), *times)

    def _exchange(self, job: bytes) -> dict[str, object]:
        judge = self._judge
        assert judge is not None
        assert judge.stdin is not None
        assert judge.stdout is not None
        until = time.monotonic() + self._limits.wall + self._limits.thinking
        try:
            _write(judge.stdin.fileno(), len(job).to_bytes(8, "little") + job)
            length = int.from_bytes(_read(judge.stdout.fileno(), 8, until), "little")
            return json.loads(_read(judge.stdout.fileno(), length, until))
        except BrokenPipeError as error:
            if self._ended:
                raise Ended from None
            raise _Died("the judge has ended") from error


def _packages_of(problem: Problem) -> frozenset[str]:
    """Which of the declared packages a problem speaks of."""
    return frozenset(name for name in PACKAGES if name in problem.prompt or f"import {name}" in problem.test)


def _first_word(server: socket.socket) -> str:
    """What a server says when it has started; nothing if it does not."""
    server.settimeout(_SLOW_START)
    try:
        return server.recv(4096).decode()
    except (TimeoutError, ConnectionError):
        return ""
    finally:
        server.settimeout(None)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int, length: int, until: float) -> bytes:
    pieces: list[bytes] = []
    while length:
        if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError
        piece = os.read(descriptor, min(length, 1 << 20))
        if not piece:
            raise BrokenPipeError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _end_judge(judge: subprocess.Popen[bytes]) -> None:
    judge.kill()
    judge.wait()
    for pipe in (judge.stdin, judge.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
