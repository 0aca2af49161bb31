"""What `process` and `landlock` share: a supervisor of our own beside each program, which takes rights from it first.

The supervisor ends everything when its pipe closes, so also when this process is killed. Temporary files of a run
lie in a folder of its own, gone when it ends.
"""

import ast
import marshal
import os
import select
import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from demiurgic.errors import SandboxError
from demiurgic.sandbox.capture import close_pipes
from demiurgic.sandbox.disk import Disk
from demiurgic.sandbox.environment import environment, search_path
from demiurgic.sandbox.limits import rlimits, tasks_of
from demiurgic.sandbox.local import LocalSandbox, Order, Outcome, Run, started
from demiurgic.sandbox.protocol import Guard, Policy
from demiurgic.sandbox.remove import remove_tree
from demiurgic.sandbox.seccomp import program, this_machine
from demiurgic.sandbox.strays import temporary_folder
from demiurgic.sandbox.toolchain import own_interpreter
from demiurgic.sandbox.tree import Tree

_WORKER = Path(__file__).with_name("supervise_worker.py")
_SLOW_START = 30.0
_WATCHED = frozenset(
    {
        Guard.SYSCALLS,
        Guard.WALL,
        Guard.CPU,
        Guard.MEMORY,
        Guard.FILE_SIZE,
        Guard.DISK_TOTAL,
        Guard.FILE_COUNT,
        Guard.OUTPUT,
    }
)


class SupervisedSandbox(LocalSandbox):
    """A sandbox whose programs see this machine's files where they are."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._filter = program(this_machine(), sockets=policy.network, ipc=False)
        self._interpreter = own_interpreter()

    @abstractmethod
    def _landlock(self, order: Order, temporary: Path) -> Mapping[str, object] | None:
        """The rules for a program that may write in this folder besides the workspace."""

    def _begin(self, order: Order) -> Run:
        with ExitStack() as stack:
            temporary = temporary_folder("run")
            stack.callback(remove_tree, temporary)
            (temporary / "home").mkdir()
            user = self._user()
            if user is not None:
                for folder in (temporary, temporary / "home"):
                    os.chown(folder, *user)
            group = None if self._groups is None else self._groups.make(order.limits)
            if group is not None:
                stack.callback(group.remove)
            watched = [self._policy.workspace, temporary] if order.writable else [temporary]
            disk = Disk(watched, order.limits)
            wanted = rlimits(order.limits, self._processes(order), data=group is None)
            path = search_path(self._policy, self._interpreter, kept_in=self.strength != "process")
            supervisor = _Supervisor(
                {
                    "argv": order.argv,
                    "folder": str(order.folder),
                    "environment": environment(
                        self._policy, order.folder, str(temporary), str(temporary / "home"), path
                    ),
                    "limits": [[kind, *pair] for kind, pair in wanted.items()],
                    "doors": [] if group is None else [str(door) for door in group.doors],
                    "user": user,
                    "landlock": self._landlock(order, temporary),
                    "seccomp": self._filter,
                    "keep": order.keep,
                },
                order,
            )
            stack.callback(supervisor.close)
            process = supervisor.process
            tree = Tree(lambda: process.pid if process.returncode is None else None, order.limits)
            checks = [disk.check, tree.check, *(() if group is None else (group.memory_check,))]

            def settle(said: bytes, ended: bool) -> Outcome:
                outcome = supervisor.settle()
                peak = max(outcome.peak_memory, tree.peak, group.peak() if group else 0)
                return Outcome(outcome.code, max(outcome.cpu, tree.cpu), peak)

            return Run(process, supervisor.end, settle, checks, self._enforced(), stack.pop_all())
        raise AssertionError("not reached")

    def _enforced(self) -> frozenset[Guard]:
        found = set(_WATCHED)
        if not self._policy.network:
            found.add(Guard.NETWORK)
        if self._groups is not None:
            found |= {Guard.MEMORY_TOTAL, Guard.PROCESSES}
        elif os.geteuid() != 0:
            found.add(Guard.PROCESSES)
        return frozenset(found)

    def _processes(self, order: Order) -> int | None:
        """The kernel counts all processes of a user, those elsewhere included, and those of root never."""
        if self._groups is not None or os.geteuid() == 0:
            return None
        return tasks_of(os.geteuid()) + order.limits.processes

    def _user(self) -> tuple[int, int] | None:
        """Whoever owns the workspace runs what root starts."""
        if os.geteuid() != 0:
            return None
        owner = self._policy.workspace.stat()
        return owner.st_uid, owner.st_gid


class _Supervisor:
    """One supervisor and the two pipes to it."""

    def __init__(self, order: Mapping[str, object], wanted: Order) -> None:
        theirs, ours = os.pipe()
        self._orders: int | None = ours
        self._answers, reports = os.pipe()
        self._said = bytearray()
        self._lock = threading.Lock()
        try:
            command = [sys.executable, "-I", "-S", str(_WORKER), str(theirs), str(reports)]
            self.process = started(command, wanted.stdin, [theirs, reports, *wanted.keep])
        finally:
            os.close(theirs)
            os.close(reports)
        data = marshal.dumps(dict(order))
        self._send(len(data).to_bytes(4, "little") + data)
        until = time.monotonic() + _SLOW_START
        while b"\n" not in self._said and self._hear(until - time.monotonic()):
            pass
        if self._fact("started") is None:
            self.close()
            close_pipes(self.process)
            raise SandboxError(f"a program could not be confined: {self._fact('failed') or 'its supervisor ended'}")

    def end(self) -> None:
        """Have everything killed."""
        with self._lock:
            if self._orders is not None:
                os.close(self._orders)
                self._orders = None

    def settle(self) -> Outcome:
        """What the supervisor said in the end."""
        while self._hear(0):
            pass
        code, cpu, peak = self._fact("code"), self._fact("cpu"), self._fact("peak")
        if not isinstance(code, int) or not isinstance(cpu, float) or not isinstance(peak, int):
            raise SandboxError("the supervisor of a program was killed; processes may have been left behind")
        return Outcome(code, cpu, peak)

    def close(self) -> None:
        """Let go of it."""
        self.end()
        self.process.wait()
        os.close(self._answers)

    def _send(self, data: bytes) -> None:
        assert self._orders is not None
        while data:
            data = data[os.write(self._orders, data) :]

    def _hear(self, timeout: float) -> bool:
        if not select.select([self._answers], [], [], max(0.0, timeout))[0]:
            return False
        data = os.read(self._answers, 4096)
        self._said += data
        return bool(data)

    def _fact(self, name: str) -> object:
        for line in bytes(self._said).decode("utf-8", "replace").splitlines():
            fact = cast("dict[str, object]", ast.literal_eval(line)).get(name)
            if fact is not None:
                return fact
        return None
