"""What a process and all that it started take, as /proc tells it.

For sandboxes whose first process adopts every orphan: there the tree is complete. Read 20 times a second, so what
ends between two looks is missed, and memory that no process has mapped is not seen.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demiurgic.sandbox.protocol import Limits, Status

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Tree:
    """Watches the processes below `root`, which itself is not counted. `root` gives None until it is known."""

    root: Callable[[], int | None]
    limits: Limits
    cpu: float = 0.0
    peak: int = 0

    def check(self) -> Status | None:
        """Look once; name the limit that is passed."""
        root = self.root()
        if root is None:
            return None
        found = descendants(root)
        self.cpu = max(self.cpu, sum(_cpu(pid) for pid in (root, *found)))
        memory = sum(_resident(pid) for pid in found)
        if memory > self.limits.memory:  # pages that are shared were counted more than once
            memory = sum(_proportional(pid) for pid in found)
        self.peak = max(self.peak, memory)
        return Status.MEMORY_LIMIT if memory > self.limits.memory else None


def descendants(root: int) -> list[int]:
    """All processes below this one."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return []


def _cpu(pid: int) -> float:
    """Seconds of CPU, with those of children that have ended and were waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICK


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """Memory with each shared page divided among those who share it."""
    try:
        words = Path(f"/proc/{pid}/smaps_rollup").read_text().split()
        return int(words[words.index("Pss:") + 1]) << 10
    except (OSError, ValueError):
        return _resident(pid)
