"""Programs in containers that stay warm: one run is one order to a container's first process.

A container serves one program at a time, and another one only if nothing is left of the first but what it did to the
workspace. A kernel has a container for itself. What a run adds to the workspace is looked at while it runs; it is not
kept from being written.
"""

import math
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from demiurgic.errors import SandboxError
from demiurgic.sandbox.batch import in_order
from demiurgic.sandbox.disk import Disk
from demiurgic.sandbox.docker.binds import BindPlan
from demiurgic.sandbox.docker.container import ContainerEnded, Order, StaleContainer
from demiurgic.sandbox.docker.engine import Engine, Shape
from demiurgic.sandbox.docker.outcome import Run
from demiurgic.sandbox.docker.pool import Pool
from demiurgic.sandbox.docker.program import REPLIES, ContainedProgram
from demiurgic.sandbox.environment import environment, search_path
from demiurgic.sandbox.kernel import PythonKernel
from demiurgic.sandbox.local import KERNEL_LIMITS, folder_beneath
from demiurgic.sandbox.protocol import (
    Command,
    Guard,
    Kernel,
    Limits,
    OnOutput,
    Policy,
    Result,
    Status,
    Strength,
)
from demiurgic.sandbox.spawn import Arguments

_ENDLESS = replace(KERNEL_LIMITS, output_total=sys.maxsize)
_SCRATCH = "/tmp"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a sandbox stands on."""

    engine: Engine
    image: str
    user: tuple[int, int]
    """Who owns what programs write."""
    seccomp: str
    enforced: frozenset[Guard]
    warning: str


class DockerSandbox:
    """Satisfies `Sandbox`. `cleanup` is called once, when nothing of it runs any more."""

    name = "docker"
    strength: Strength = "container"

    def __init__(self, ground: Ground, plan: BindPlan, pool: Pool, cleanup: Callable[[], None]) -> None:
        self.policy: Policy = plan.policy
        self.warning = ground.warning
        self._ground, self._plan, self._pool, self._cleanup = ground, plan, pool, cleanup
        self.enforced = ground.enforced
        self._kernels: list[PythonKernel] = []

    def run(self, command: Command, on_output: OnOutput | None = None, cancel: threading.Event | None = None) -> Result:
        return self._run(command, self._shape(command.limits, self.policy.writable), on_output, cancel)

    def batch(self, commands: Iterable[Command]) -> Iterator[Result]:
        """None can spoil the workspace for another: it is read-only for all of them. Each has one core."""

        def work(command: Command, cancel: threading.Event) -> Result:
            return self._run(command, replace(self._shape(command.limits, writable=False), cores=1), None, cancel)

        return in_order(commands, work)

    def kernel(self) -> Kernel:
        disk = self._disk(KERNEL_LIMITS, self.policy.writable)
        kernel = PythonKernel(self._spawn, KERNEL_LIMITS, (disk.check,) if disk else ())
        self._kernels.append(kernel)
        return kernel

    def close(self) -> None:
        try:
            self._pool.close()
            for kernel in self._kernels:
                kernel.close()
        finally:
            self._cleanup()

    def _run(
        self, command: Command, shape: Shape, on_output: OnOutput | None, cancel: threading.Event | None
    ) -> Result:
        order = self._order(command)
        while True:
            container = self._pool.take(shape)
            run = Run(command, on_output, cancel, self._disk(command.limits, shape.writable))
            clean = False
            try:
                ending = container.run(order, run.carry, run.stopped)
                clean = ending.clean
            except StaleContainer:
                continue
            except ContainerEnded as ended:
                ending = run.ended_with_its_container(self._blame(ended))
            finally:
                if clean:
                    self._pool.give_back(container)
                else:
                    self._pool.drop(container)
            return run.result(ending, self.name, self._ground.enforced)

    def _blame(self, ended: ContainerEnded) -> Status:
        """Why a container may have ended under a program. Raises SandboxError where nobody here knows."""
        if self._pool.closed:
            return Status.CANCELLED
        if ended.for_memory:
            return Status.MEMORY_LIMIT
        raise SandboxError("the container ended under a program", "run it again") from ended

    def _spawn(self, arguments: Arguments) -> ContainedProgram:
        order = self._order(Command(arguments(REPLIES), limits=_ENDLESS), stays=True)
        container = self._pool.take(self._shape(KERNEL_LIMITS, self.policy.writable))
        try:
            return ContainedProgram(container, order, self._pool.drop)
        except BaseException:
            self._pool.drop(container)
            raise

    def _disk(self, limits: Limits, writable: bool) -> Disk | None:
        return Disk([self.policy.workspace], limits) if writable else None

    def _shape(self, limits: Limits, writable: bool) -> Shape:
        return Shape(
            image=self._ground.image,
            binds=self._plan.binds(writable),
            writable=writable,
            user=self._ground.user,
            memory=limits.memory,
            processes=limits.processes,
            scratch=min(limits.disk, limits.memory // 2),
            files=limits.files,
            cores=max(1, (os.cpu_count() or 1) - 1),
            network=self.policy.network,
            seccomp=self._ground.seccomp,
        )

    def _order(self, command: Command, stays: bool = False) -> Order:
        if not command.argv or any("\0" in word for word in command.argv):
            raise SandboxError(
                "that names no program" if not command.argv else "a null character cannot be an argument"
            )
        folder = folder_beneath(self.policy.workspace, command.folder)
        limits = command.limits
        rlimits = {
            "RLIMIT_FSIZE": (limits.file_size, limits.file_size),
            "RLIMIT_NOFILE": (limits.open_files, limits.open_files),
            "RLIMIT_CORE": (0, 0),
        }
        if math.isfinite(limits.cpu):
            rlimits["RLIMIT_CPU"] = (math.ceil(limits.cpu), math.ceil(limits.cpu) + 1)
        return Order(
            argv=command.argv,
            folder=str(folder),
            environment=environment(self.policy, folder, _SCRATCH, _SCRATCH, search_path(self.policy)),
            wall=limits.wall,
            output=limits.output_total,
            rlimits=rlimits,
            stdin=command.stdin,
            stays=stays,
        )
