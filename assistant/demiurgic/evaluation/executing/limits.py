"""How much one candidate may take."""

import math
import resource
from dataclasses import dataclass

from demiurgic.sandbox.limits import allowed

_ADDRESSES = 1 << 30
"""How many more addresses than memory: what is reserved and never used, and what the interpreter began with."""


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """Seconds and bytes."""

    cpu: float = 5.0
    """Of the candidate's process. The kernel counts whole seconds."""
    patience: float = 4.0
    """How many times as long it is waited for."""
    thinking: float = 120.0
    """What the judge may take by itself: some tests hold megabytes of expected values."""
    memory: int = 1 << 30
    file_size: int = 8 << 20
    open_files: int = 64
    tasks: int = 32
    """Threads, where there are namespaces. Other processes can be started only where programs are trusted."""

    @property
    def whole_cpu(self) -> int:
        """The CPU time as the kernel takes it."""
        return max(1, math.ceil(self.cpu))

    @property
    def wall(self) -> float:
        """How long it is waited for altogether: long enough for one that gets little of a busy machine."""
        return self.patience * (self.whole_cpu + 1)

    def kernel_limits(self, count_tasks: bool) -> list[tuple[int, int, int]]:
        """What the process sets for itself. A soft limit below the hard one would be its own to catch."""
        wanted = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_CPU: self.whole_cpu,
            resource.RLIMIT_DATA: self.memory,
            resource.RLIMIT_AS: self.memory + _ADDRESSES,
            resource.RLIMIT_FSIZE: self.file_size,
            resource.RLIMIT_NOFILE: self.open_files,
        }
        if count_tasks:
            wanted[resource.RLIMIT_NPROC] = self.tasks
        return [(kind, most, most) for kind, value in wanted.items() for most in [allowed(kind, value)]]
