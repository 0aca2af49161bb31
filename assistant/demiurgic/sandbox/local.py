"""What the sandboxes have in common whose programs are children of this process.

Each kind says how a run begins; following it, judging it and clearing up after it are the same for all.
"""

import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from demiurgic.errors import SandboxError
from demiurgic.sandbox.batch import in_order
from demiurgic.sandbox.capture import Check, Ending, Program, Watch, capture, close_pipes
from demiurgic.sandbox.cgroup import find_parents
from demiurgic.sandbox.kernel import PythonKernel
from demiurgic.sandbox.protocol import Command, Guard, Kernel, Limits, OnOutput, Policy, Result, Status, Strength
from demiurgic.sandbox.spawn import Arguments, PipedProgram, Spawned
from demiurgic.sandbox.strays import sweep

KERNEL_LIMITS = Limits(wall=float("inf"), cpu=float("inf"), processes=128)
"""A kernel lives as long as its session; each cell has a wall clock of its own."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be started."""

    argv: tuple[str, ...]
    folder: Path
    limits: Limits
    writable: bool
    stdin: bool
    """Whether anything will be sent to it."""
    keep: tuple[int, ...] = ()
    """Descriptors that it inherits besides its three streams."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sandbox tells of a program that has ended. `code` is negative for a signal."""

    code: int
    cpu: float
    peak_memory: int


@dataclass(slots=True)
class Run:
    """A program under way. `end` kills it and all that it started; `settle` is called once, after its first process
    has ended, with what stderr began with and whether it was ended from here; it returns when nothing is left, or
    raises SandboxError if the sandbox failed."""

    process: subprocess.Popen[bytes]
    end: Callable[[], None]
    settle: Callable[[bytes, bool], Outcome]
    checks: Sequence[Check]
    enforced: frozenset[Guard]
    stack: ExitStack
    """What is let go of when all is over."""

    def abandon(self) -> None:
        """End it, whatever it is at, and want nothing more of it."""
        with self.stack:
            self.end()
            self.process.wait()
            close_pipes(self.process)

    def finish(self, said: bytes, ended: bool) -> Outcome:
        """Settle, and let go."""
        with self.stack:
            return self.settle(said, ended)


class LocalSandbox(ABC):
    """Satisfies `Sandbox`, once a kind says how to begin."""

    def __init__(self, policy: Policy) -> None:
        if sys.platform != "linux":
            raise SandboxError(f"the sandbox {self.name} needs Linux", "choose docker")
        self._groups = find_parents()
        sweep(() if self._groups is None else (self._groups.memory, self._groups.pids))
        self._policy = replace(policy, workspace=usable_workspace(policy.workspace))
        self._lock = threading.Lock()
        self._under_way: set[Callable[[], None]] = set()
        self._closed = False
        self._stack = ExitStack()

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def strength(self) -> Strength: ...

    @property
    @abstractmethod
    def warning(self) -> str: ...

    @property
    def policy(self) -> Policy:
        return self._policy

    @abstractmethod
    def _begin(self, order: Order) -> Run:
        """Start a program."""

    def run(self, command: Command, on_output: OnOutput | None = None, cancel: threading.Event | None = None) -> Result:
        return self._run(command, self._policy.writable, on_output, cancel)

    def batch(self, commands: Iterable[Command]) -> Iterator[Result]:
        """None can spoil the workspace for another: it is read-only for all of them."""
        return in_order(commands, lambda command, cancel: self._run(command, False, None, cancel))

    def kernel(self) -> Kernel:
        if self._closed:
            raise SandboxError("the sandbox is closed")
        host = _KernelHost(self._begin, self._policy)
        kernel = PythonKernel(host.spawn, KERNEL_LIMITS, (host.check,))
        self._register(kernel.close)
        return kernel

    def close(self) -> None:
        with self._lock:
            self._closed = True
            under_way = list(self._under_way)
        for end in under_way:
            end()
        self._stack.close()

    def _run(
        self, command: Command, writable: bool, on_output: OnOutput | None, cancel: threading.Event | None
    ) -> Result:
        folder = folder_beneath(self._policy.workspace, command.folder)
        if self._closed or not command.argv:
            raise SandboxError("the sandbox is closed" if self._closed else "no program is named")
        run = self._begin(Order(command.argv, folder, command.limits, writable, bool(command.stdin)))
        watch = Watch(command.limits, cancel, run.checks)
        try:
            with self._registered(run.end):
                program = Program(run.process, run.end)
                ending = capture(program, command.limits, watch, command.stdin, on_output)
            verdict = ending.verdict or watch.look() or (Status.CANCELLED if self._closed else None)
        except BaseException:
            run.abandon()
            raise
        return self._result(run, command.limits, ending, verdict)

    def _result(self, run: Run, limits: Limits, ending: Ending, verdict: Status | None) -> Result:
        outcome = run.finish(ending.stderr.head, verdict is not None)
        exit_code, number = ended_by(outcome.code)
        return Result(
            verdict or judged(exit_code, number, outcome.cpu, limits),
            exit_code,
            number,
            ending.stdout,
            ending.stderr,
            ending.wall,
            outcome.cpu,
            outcome.peak_memory,
            self.name,
            run.enforced,
        )

    def _register(self, end: Callable[[], None]) -> None:
        with self._lock:
            if not self._closed:
                self._under_way.add(end)
                return
        end()
        raise SandboxError("the sandbox is closed")

    def _registered(self, end: Callable[[], None]) -> ExitStack:
        self._register(end)
        stack = ExitStack()
        stack.callback(self._under_way.discard, end)
        return stack


class _KernelHost:
    """Starts a kernel's processes, one after another, and watches the one that lives."""

    def __init__(self, begin: Callable[[Order], Run], policy: Policy) -> None:
        self._begin, self._policy = begin, policy
        self._run: Run | None = None

    def spawn(self, arguments: Arguments) -> Spawned:
        policy = self._policy

        def start(replies: int) -> subprocess.Popen[bytes]:
            argv = arguments(replies)
            self._run = self._begin(Order(argv, policy.workspace, KERNEL_LIMITS, policy.writable, True, (replies,)))
            return self._run.process

        def settle(process: subprocess.Popen[bytes]) -> None:
            run, self._run = self._run, None
            if run is not None:
                run.end()
                process.wait()
                run.finish(b"", True)

        return PipedProgram(start, settle)

    def check(self) -> Status | None:
        run = self._run  # once: it may be settled meanwhile
        checks = run.checks if run is not None else ()
        return next((found for check in checks if (found := check()) is not None), None)


def started(argv: Sequence[str], stdin: bool, inherited: Sequence[int]) -> subprocess.Popen[bytes]:
    """A process with piped output and an empty environment, which can be read in some sandboxes."""
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={},
            pass_fds=inherited,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # no such program, too long a command line, a null character in it
        raise SandboxError(f"a program could not be started: {error}") from error


def usable_workspace(folder: Path) -> Path:
    """Where the workspace really lies."""
    if not folder.is_dir():
        raise SandboxError(f"the workspace {folder} is not a folder")
    return folder.resolve()


def folder_beneath(workspace: Path, relative: str) -> Path:
    """Where a program starts."""
    folder = Path(os.path.normpath(workspace / relative))
    if not folder.is_relative_to(workspace):
        raise SandboxError(f"the folder {relative} is not in the workspace")
    if not folder.is_dir():
        raise SandboxError(f"there is no folder {relative} in the workspace")
    return folder


def ended_by(code: int) -> tuple[int | None, int | None]:
    """Exit code and signal. Shells, and sandboxes that watch for us, say 128 + n for signal n; it is read so."""
    number = -code if code < 0 else code - 128
    if code < 0 or 1 <= number < signal.SIGRTMIN:
        return None, number
    return code, None


def judged(exit_code: int | None, number: int | None, cpu: float, limits: Limits) -> Status:
    """How a run ended that nobody here ended."""
    if exit_code == 0:
        return Status.OK
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu >= limits.cpu):
        return Status.CPU_LIMIT
    return Status.DISK_LIMIT if number == signal.SIGXFSZ else Status.FAILED
