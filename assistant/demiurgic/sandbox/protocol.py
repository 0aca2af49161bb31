"""What every sandbox promises, whatever it is made of.

A sandbox is opened for one workspace and one policy. Whatever it runs sees that folder, a minimal system and nothing
else of the machine, as far as `enforced` says; when a run ends, all of its processes have ended. A failure of the
sandbox itself is a `SandboxError` and never looks like a failure of the program.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

Strength: TypeAlias = Literal["container", "namespace", "landlock", "process"]
"""What keeps a program in, strongest first."""


class Guard(StrEnum):
    """One thing that a sandbox may enforce. What is not in a result's `enforced` was not."""

    FILES = "files"  # nothing outside the workspace is written, and of the rest only the system is read
    NETWORK = "network"  # no connection to anything, this machine included
    SECRETS = "secrets"  # no other process's environment, memory or files can be read
    SYSCALLS = "syscalls"  # ptrace, mounts, io_uring, bpf and their like are refused
    SURVIVORS = "survivors"  # no process outlives the run
    WALL = "wall"
    CPU = "cpu"
    MEMORY = "memory"  # of one process
    MEMORY_TOTAL = "memory_total"  # of all processes together
    PROCESSES = "processes"
    FILE_SIZE = "file_size"
    DISK_TOTAL = "disk_total"  # bytes written to the workspace and to temporary folders
    FILE_COUNT = "file_count"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may take. Bytes and seconds."""

    wall: float = 120.0
    cpu: float = 121.0
    memory: int = 2 << 30
    """Of all processes together where that can be enforced, else of each."""
    processes: int = 256
    output_kept: int = 64 << 10
    """Of each stream: so much of its beginning, and as much of its end."""
    output_total: int = 16 << 20
    """A program that writes more is killed."""
    file_size: int = 256 << 20
    disk: int = 1 << 30
    """What a run may add to the workspace."""
    files: int = 20_000
    open_files: int = 256


@dataclass(frozen=True, slots=True)
class Policy:
    """What programs may touch for as long as a sandbox is open. Made by the user's settings, never by a model."""

    workspace: Path
    writable: bool = True
    protected: tuple[str, ...] = (".git",)
    """Paths in the workspace that can be read and not changed, nor made where they do not exist."""
    hidden: tuple[str, ...] = (".env",)
    """Paths in the workspace whose content cannot be read. `**/NAME` means every file or folder of that name, but for
    those in folders of installed packages."""
    readable: tuple[Path, ...] = ()
    """Folders outside that the project needs, such as the interpreter of its virtual environment."""
    network: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """All that a program's environment holds besides PATH, HOME, LANG, TMPDIR and PWD."""


@dataclass(frozen=True, slots=True)
class Command:
    """One program to run. `folder` is relative to the workspace."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    folder: str = "."
    limits: Limits = Limits()


class Status(StrEnum):
    """How a run ended."""

    OK = "ok"  # exit code 0
    FAILED = "failed"  # another exit code, or a signal that nobody here sent
    TIMEOUT = "timeout"  # wall clock
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    DISK_LIMIT = "disk_limit"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Captured:
    """What a program wrote to one stream: its beginning, its end, and how much between them was dropped."""

    head: bytes = b""
    tail: bytes = b""
    dropped: int = 0

    def text(self) -> str:
        """For reading: bytes that are no UTF-8 are shown as replacement characters. Control characters are kept."""
        gap = f"\n[{self.dropped} bytes left out]\n".encode() if self.dropped else b""
        return (self.head + gap + self.tail).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one run."""

    status: Status
    exit_code: int | None
    """None when the program was ended by a signal."""
    signal: int | None
    stdout: Captured
    stderr: Captured
    wall: float
    cpu: float
    peak_memory: int
    backend: str
    enforced: frozenset[Guard]


Stream: TypeAlias = Literal["stdout", "stderr"]
OnOutput: TypeAlias = Callable[[Stream, bytes], None]


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a backend works on this machine, found by using it. `reason` says what is missing, `hint` the mend."""

    works: bool
    enforced: frozenset[Guard] = frozenset()
    reason: str = ""
    hint: str = ""


class CellStatus(StrEnum):
    """How a piece of Python ended in a kernel."""

    OK = "ok"
    ERROR = "error"  # an exception; its traceback is in `error`
    INTERRUPTED = "interrupted"  # the kernel's state is kept
    DIED = "died"  # the kernel's state is lost; the next cell begins anew


@dataclass(frozen=True, slots=True)
class CellResult:
    """What became of one piece of Python. `value` is the repr of its last expression, empty for None."""

    status: CellStatus
    stdout: Captured
    stderr: Captured
    value: str = ""
    error: str = ""
    wall: float = 0.0


class Kernel(Protocol):
    """A Python interpreter in the sandbox that remembers what earlier cells did."""

    def cell(self, code: str, wall: float = 60.0, cancel: threading.Event | None = None) -> CellResult:
        """Run code. One that takes too long is interrupted, and killed if that does not help."""
        ...

    def restart(self) -> None:
        """Forget everything."""
        ...

    def close(self) -> None: ...


class Sandbox(Protocol):
    """One way of keeping programs in, opened for one policy."""

    @property
    def name(self) -> str: ...

    @property
    def strength(self) -> Strength: ...

    @property
    def policy(self) -> Policy: ...

    @property
    def warning(self) -> str:
        """What this backend does not protect, for the user's eyes; empty where it keeps every promise."""
        ...

    def run(self, command: Command, on_output: OnOutput | None = None, cancel: threading.Event | None = None) -> Result:
        """Run a program to its end. Raises SandboxError if the sandbox failed, whatever the program did."""
        ...

    def batch(self, commands: Iterable[Command]) -> Iterator[Result]:
        """Run many, each in a sandbox of its own, as many at once as there are cores; results in order."""
        ...

    def kernel(self) -> Kernel:
        """Start a Python kernel."""
        ...

    def close(self) -> None:
        """End everything that runs. Nothing is left behind."""
        ...


class Backend(Protocol):
    """A kind of sandbox, before it is opened."""

    @property
    def name(self) -> str: ...

    def probe(self) -> Probe:
        """Try it for real: a program runs, and what must be refused is refused."""
        ...

    def open(self, policy: Policy) -> Sandbox:
        """Raises SandboxError where it does not work here. Never falls back to something weaker."""
        ...
