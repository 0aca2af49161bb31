"""Limits that the kernel keeps for one process each, as numbers for `setrlimit` and as words for `prlimit`.

Memory is limited as data, not as addresses: runtimes that reserve more addresses than they ever use would not start.
Shared memory is not data. What all processes take together is the business of `cgroup`, `tree` and `disk`.
"""

import math
import os
import resource
from collections.abc import Mapping
from pathlib import Path

from demiurgic.sandbox.protocol import Limits

_NAMES = {
    resource.RLIMIT_CORE: "core",
    resource.RLIMIT_CPU: "cpu",
    resource.RLIMIT_FSIZE: "fsize",
    resource.RLIMIT_NOFILE: "nofile",
    resource.RLIMIT_DATA: "data",
    resource.RLIMIT_NPROC: "nproc",
}


def rlimits(limits: Limits, processes: int | None, data: bool) -> Mapping[int, tuple[int, int]]:
    """Soft and hard limits by their numbers. A process that passes its CPU time is told, and killed a second later."""
    wanted = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (limits.file_size, limits.file_size),
        resource.RLIMIT_NOFILE: (limits.open_files, limits.open_files),
    }
    if math.isfinite(limits.cpu):
        seconds = max(1, math.ceil(limits.cpu))
        wanted[resource.RLIMIT_CPU] = (seconds, seconds + 1)
    if data:
        wanted[resource.RLIMIT_DATA] = (limits.memory, limits.memory)
    if processes is not None:
        wanted[resource.RLIMIT_NPROC] = (processes, processes)
    return {kind: (allowed(kind, soft), allowed(kind, hard)) for kind, (soft, hard) in wanted.items()}


def prlimit_arguments(wanted: Mapping[int, tuple[int, int]]) -> list[str]:
    """The same as arguments of prlimit(1)."""
    return [f"--{_NAMES[kind]}={soft}:{hard}" for kind, (soft, hard) in wanted.items()]


def tasks_of(user: int) -> int:
    """How many threads of a user there are: what a limit of processes is compared with."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                found += len(list((process / "task").iterdir()))
        except OSError:  # ended meanwhile
            continue
    return found


def processes_are_counted_apart() -> bool:
    """Whether a limit of processes inside a user namespace counts only those inside (since Linux 5.14)."""
    numbers = os.uname().release.split("-")[0].split(".")[:2]
    return tuple(int(number) for number in numbers) >= (5, 14)


def allowed(kind: int, value: int) -> int:
    """No more than this process may give."""
    _, most = resource.getrlimit(kind)
    return value if most == resource.RLIM_INFINITY else min(value, most)
