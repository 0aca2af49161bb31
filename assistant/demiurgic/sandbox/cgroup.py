"""Limits for all processes of a run together, where this process may make control groups.

Version 1: a group below our own in the memory and in the pids hierarchy. Version 2: a group beside our own, because
a group that holds processes cannot hold limited groups. Where neither can be made there are no groups, and what they
would have enforced is not claimed.
"""

import contextlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Limits, Status
from demiurgic.sandbox.strays import name_prefix

_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Parents:
    """Where groups can be made."""

    version: Literal[1, 2]
    memory: Path
    pids: Path

    def make(self, limits: Limits) -> "Group":
        """A new group with these limits."""
        name = f"{name_prefix('group')}{secrets.token_hex(4)}"
        group = Group(self.version, self.memory / name, self.pids / name)
        try:
            for folder in group.folders:
                folder.mkdir()
            group.limit(limits)
        except OSError as error:
            group.remove()
            raise SandboxError(f"no control group could be made: {error}") from error
        return group


@dataclass(frozen=True, slots=True)
class Group:
    """Processes that are limited together."""

    version: Literal[1, 2]
    memory: Path
    pids: Path

    @property
    def folders(self) -> Sequence[Path]:
        """One folder, or one in each hierarchy."""
        return list(dict.fromkeys([self.memory, self.pids]))

    @property
    def doors(self) -> Sequence[Path]:
        """Files that a process enters the group by, writing its number or 0 for itself."""
        return [folder / "cgroup.procs" for folder in self.folders]

    def limit(self, limits: Limits) -> None:
        """Set the limits."""
        (self.pids / "pids.max").write_text(str(limits.processes))
        if self.version == 2:
            (self.memory / "memory.max").write_text(str(limits.memory))
            _write_if_there(self.memory / "memory.swap.max", "0")
            return
        (self.memory / "memory.limit_in_bytes").write_text(str(limits.memory))
        _write_if_there(self.memory / "memory.memsw.limit_in_bytes", str(limits.memory))

    def admit(self, process: int) -> None:
        """Take in a process; those that it starts from now on belong to the group as well."""
        for door in self.doors:
            door.write_text(str(process))

    def memory_check(self) -> Status | None:
        """Whether the kernel has killed for memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return Status.MEMORY_LIMIT if _field(self.memory / name, "oom_kill") else None

    def peak(self) -> int:
        """The most memory that was in use; 0 if the kernel does not say."""
        return _number(self.memory / ("memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"))

    def remove(self) -> None:
        """Take the group away; its processes must have ended."""
        until = time.monotonic() + _PATIENCE
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError as error:
                    if time.monotonic() > until:
                        raise SandboxError(f"a control group could not be removed: {error}") from error
                    time.sleep(0.005)


def find_parents(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> Parents | None:
    """Where this process can make groups with limits of memory and of processes; None if nowhere. Tried for real."""
    for parents in _candidates(root, membership):
        try:
            parents.make(Limits()).remove()
        except SandboxError:
            continue
        return parents
    return None


def _candidates(root: Path, membership: Path) -> list[Parents]:
    ours = dict[str, str]()
    with contextlib.suppress(OSError):
        for line in membership.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            ours.update((name, path.lstrip("/")) for name in controllers.split(","))
    found: list[Parents] = []
    if "memory" in ours and "pids" in ours:
        found.append(Parents(1, root / "memory" / ours["memory"], root / "pids" / ours["pids"]))
    if ours.get("") and (root / "cgroup.controllers").exists():
        beside = root / Path(ours[""]).parent
        found.append(Parents(2, beside, beside))
    return found


def _write_if_there(path: Path, text: str) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError):
        path.write_text(text)


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _field(path: Path, name: str) -> int:
    try:
        words = path.read_text().split()
        return int(words[words.index(name) + 1])
    except (OSError, ValueError, IndexError):
        return 0
