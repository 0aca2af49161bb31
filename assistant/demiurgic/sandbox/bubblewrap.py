"""Programs in namespaces of their own, made by bubblewrap without any privilege.

Needs Linux with unprivileged user namespaces, bubblewrap, and util-linux (prlimit; nsenter for root). Files of the
workspace that are hidden are hidden by a mount on top of them: one that is replaced from outside while a program runs
shows in it.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

from demiurgic.errors import SandboxError
from demiurgic.sandbox.bubblewrap_arguments import HOME, Props, View, mounts, namespaces
from demiurgic.sandbox.capture import Check, close_pipes
from demiurgic.sandbox.cgroup import Group, Parents
from demiurgic.sandbox.covers import Covering
from demiurgic.sandbox.disk import Disk
from demiurgic.sandbox.environment import environment, search_path
from demiurgic.sandbox.limits import prlimit_arguments, processes_are_counted_apart, rlimits
from demiurgic.sandbox.local import LocalSandbox, Order, Outcome, Run, started
from demiurgic.sandbox.protocol import Guard, Policy, Strength
from demiurgic.sandbox.remove import remove_tree
from demiurgic.sandbox.seccomp import program, this_machine
from demiurgic.sandbox.stage import open_stage
from demiurgic.sandbox.strays import temporary_folder
from demiurgic.sandbox.toolchain import own_interpreter
from demiurgic.sandbox.tree import Tree

_PRLIMIT = "/usr/bin/prlimit"
_PATIENCE = 10.0
_SLOW_START = 30.0
_HINT = "allow unprivileged user namespaces (see: sysctl -a | grep userns), or choose the sandbox landlock"
_ALWAYS = frozenset(
    {
        Guard.FILES,
        Guard.SECRETS,
        Guard.SYSCALLS,
        Guard.SURVIVORS,
        Guard.WALL,
        Guard.CPU,
        Guard.MEMORY,
        Guard.FILE_SIZE,
        Guard.DISK_TOTAL,
        Guard.FILE_COUNT,
        Guard.OUTPUT,
    }
)


class BubblewrapSandbox(LocalSandbox):
    """Satisfies `Sandbox`."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._bwrap = _required("bwrap", "bubblewrap")
        self._filter = program(this_machine())
        self._covering = Covering(self._policy)
        self._interpreter = own_interpreter()
        with ExitStack() as stack:
            folder = temporary_folder("sandbox")
            stack.callback(remove_tree, folder)
            self._props = Props(folder)
            self._props.make()
            others = [*self._interpreter, *self._policy.readable, folder]
            self._stage = open_stage(self._policy.workspace, others)
            stack.callback(self._stage.close)
            self._stack = stack.pop_all()

    @property
    def name(self) -> str:
        return "bubblewrap"

    @property
    def strength(self) -> Strength:
        return "namespace"

    @property
    def warning(self) -> str:
        told: list[str] = []
        if self._groups is None:
            told.append("the memory of all processes together is watched, not limited: no control groups can be made")
        if self._policy.network:
            told.append("programs can reach the network and this machine's own servers")
        return "; ".join(told)

    def _begin(self, order: Order) -> Run:
        with ExitStack() as stack:
            group = _group(self._groups, order, stack)
            writable = order.writable and self._policy.writable
            covers = stack.enter_context(self._covering.covers(writable))
            view = View(self._policy, self._interpreter, covers, self._props, self._stage, writable)
            box = _Box(group)
            tree = Tree(box.init, order.limits)
            checks: list[Check] = [Disk([self._policy.workspace], order.limits).check] if view.writable else []
            checks.append(tree.check)
            if group is not None:
                checks.append(group.memory_check)
            process = self._start(order, view, box, stack)

            def settle(said: bytes, ended: bool) -> Outcome:
                code = box.settle(process, said, ended)
                return Outcome(code, tree.cpu, max(tree.peak, group.peak() if group else 0))

            return Run(process, lambda: box.end(process), settle, checks, self._enforced(), stack.pop_all())
        raise AssertionError("not reached")

    def _start(self, order: Order, view: View, box: "_Box", stack: ExitStack) -> subprocess.Popen[bytes]:
        box.status, theirs = os.pipe()
        stack.callback(box.close)
        gate, go = os.pipe()
        try:
            inherited = {"seccomp": _file_in_memory(self._filter), "json-status-fd": theirs, "block-fd": gate}
            process = self._at_the_gate(order, view, box, inherited)
            with contextlib.suppress(BrokenPipeError):  # bubblewrap has failed, and says why when asked for the code
                os.write(go, b"1")
        finally:
            os.close(go)
        return process

    def _at_the_gate(
        self, order: Order, view: View, box: "_Box", inherited: Mapping[str, int]
    ) -> subprocess.Popen[bytes]:
        """Start bubblewrap, which waits with the program. What it inherits is closed here."""
        variables = environment(self._policy, order.folder, "/tmp", HOME, search_path(self._policy, self._interpreter))
        arguments = [
            *self._stage.entrance,
            self._bwrap,
            *namespaces(self._policy, inherited),
            *self._rights(),
            *(word for name, value in variables.items() for word in ("--setenv", name, value)),
            *mounts(view, order.limits),
            *("--chdir", str(order.folder), "--", _PRLIMIT),
            *prlimit_arguments(rlimits(order.limits, order.limits.processes, data=box.group is None)),
            *("--", *order.argv),
        ]
        try:
            process = started(arguments, order.stdin, [*inherited.values(), *order.keep])
        finally:
            for descriptor in inherited.values():
                os.close(descriptor)
        try:
            box.admit(process)
        except BaseException:
            process.kill()
            process.wait()
            close_pipes(process)
            raise
        return process

    def _rights(self) -> Sequence[str]:
        """Arguments for what a program may keep of its rights in the namespaces: nothing."""
        return ()

    def _enforced(self) -> frozenset[Guard]:
        found = set(_ALWAYS)
        if not self._policy.network:
            found.add(Guard.NETWORK)
        if self._groups is not None:
            found.add(Guard.MEMORY_TOTAL)
        if self._groups is not None or processes_are_counted_apart():
            found.add(Guard.PROCESSES)
        return frozenset(found)


@dataclass(slots=True)
class _Box:
    """The namespaces of one run, as bubblewrap tells of them. Other threads may look at it and end it at any time."""

    group: Group | None
    status: int = -1
    _said: bytearray = field(default_factory=bytearray)
    _init: int | None = None
    _handle: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while the handle is used: once closed, its number may mean another process."""

    def init(self) -> int | None:
        """The first process inside, by its number outside; None once it has ended."""
        with self._lock:
            return None if self._handle is None or _ended(self._handle) else self._init

    def admit(self, process: subprocess.Popen[bytes]) -> None:
        """Learn of the first process inside, and limit it, before it does anything."""
        until = time.monotonic() + _SLOW_START
        while b"\n" not in self._said and self._hear(until - time.monotonic()):
            pass
        if time.monotonic() > until:
            raise SandboxError(f"bubblewrap did not start within {_SLOW_START:g} s")
        number = self._told("child-pid")
        if number is None:  # bubblewrap says why on stderr
            return
        with contextlib.suppress(ProcessLookupError):
            self._handle = os.pidfd_open(number)
            if process.poll() is None:
                self._init = number
                if self.group is not None:
                    self.group.admit(number)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the first process inside, which no other there outlives."""
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif process.poll() is None:
                process.kill()

    def settle(self, process: subprocess.Popen[bytes], said: bytes, ended: bool) -> int:
        """Wait until nothing is left inside; the program's exit code."""
        if self._handle is not None and not _ended(self._handle, _PATIENCE):
            self.end(process)
            if not _ended(self._handle, _PATIENCE):
                raise SandboxError(f"process {self._init} in the sandbox did not end when it was killed")
        while self._hear(0):
            pass
        code = self._told("exit-code")
        if code is None and ended:
            return -signal.SIGKILL
        if code is None:
            why = said.decode("utf-8", "replace").strip() or f"it ended with {process.returncode} and said nothing"
            raise SandboxError(f"bubblewrap could not run a program: {why}", _HINT if "namespace" in why else "")
        return code

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            os.close(self.status)
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _hear(self, timeout: float) -> bool:
        if not select.select([self.status], [], [], max(0.0, timeout))[0]:
            return False
        data = os.read(self.status, 4096)
        self._said += data
        return bool(data)

    def _told(self, name: str) -> int | None:
        for line in bytes(self._said).splitlines():
            fact = cast("dict[str, int]", json.loads(line)).get(name)
            if fact is not None:
                return fact
        return None


def _ended(handle: int, within: float = 0.0) -> bool:
    return bool(select.select([handle], [], [], within)[0])


def _group(parents: Parents | None, order: Order, stack: ExitStack) -> Group | None:
    if parents is None:
        return None
    group = parents.make(order.limits)
    stack.callback(group.remove)
    return group


def _file_in_memory(data: bytes) -> int:
    descriptor = os.memfd_create("seccomp")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _required(name: str, package: str) -> str:
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise SandboxError(f"{name} is not installed", f"apt-get install {package}")
    return found
