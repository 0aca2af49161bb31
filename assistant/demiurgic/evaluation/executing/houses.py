"""Where candidates live: in namespaces, under Landlock, or, for programs that the user trusts, just apart.

Each kind opens one folder that holds nothing, starts servers in it, and knows what a server must do to every
candidate.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demiurgic.config import SANDBOXES
from demiurgic.errors import SandboxError
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.executing.packages import benchmarks, exposed_benchmark, package_folders, packages
from demiurgic.sandbox.bubblewrap import BubblewrapSandbox
from demiurgic.sandbox.capture import close_pipes
from demiurgic.sandbox.landlock import SIGNALS_SCOPED, LandlockSandbox, landlock_version
from demiurgic.sandbox.local import Order, Run
from demiurgic.sandbox.protocol import Limits, Policy
from demiurgic.sandbox.remove import remove_tree
from demiurgic.sandbox.seccomp import program, this_machine
from demiurgic.sandbox.strays import temporary_folder

AUTO, *_ = SANDBOXES
_ALLOW_ALL = b"\x06\x00\x00\x00\x00\x00\xff\x7f"
"""A filter for the server, which still has namespaces to make; every candidate gets the whole one."""
_FOREVER = float("inf")
_WRITING = ((1 << 15) - 1) & ~0b1101
"""Landlock's rights that change files, up to its third version."""
_OTHERWISE = "set the sandbox to auto, bubblewrap or landlock, as in DEMIURGIC_SANDBOX=auto"
_NO_HOUSE = (
    "allow unprivileged user namespaces and install bubblewrap, or use Linux 6.2 or newer with Landlock; "
    "--trusted runs programs that you trust without any of it"
)


class Housed(Protocol):
    """A server under way."""

    def end(self) -> str:
        """Kill it and all that it started, and wait until they are gone. What it wrote to stderr."""
        ...


class House(Protocol):
    """One kind of place."""

    @property
    def name(self) -> str: ...

    @property
    def warning(self) -> str:
        """What it does not protect; empty where it keeps what it promises."""
        ...

    @property
    def forbidden(self) -> Sequence[str]:
        """Paths that candidates cannot even see. None where nothing is forbidden."""
        ...

    def settings(self, limits: TrialLimits) -> Mapping[str, object]:
        """What its servers are told besides what they run."""
        ...

    def start(self, source: str, control: int, limits: TrialLimits) -> Housed:
        """Start a server that takes its orders from this descriptor. Raises SandboxError."""
        ...

    def close(self) -> None: ...


def open_house(kind: str = AUTO) -> House:
    """The kind of sandbox that is named, or for `auto` the stronger that works here. Only whoever makes a TrustedHouse
    gets one that keeps nothing in."""
    kinds = {"bubblewrap": NamespaceHouse, "landlock": LandlockHouse}
    if kind not in (AUTO, *kinds):
        raise SandboxError(f"programs cannot be scored in the sandbox {kind}", _OTHERWISE)
    failed: list[str] = []
    for name, opened in kinds.items():
        if kind in (AUTO, name):
            try:
                return opened()
            except SandboxError as error:
                failed.append(f"{name}: {error.message}")
    raise SandboxError(f"programs cannot be run safely here ({'; '.join(failed)})", _NO_HOUSE)


class NamespaceHouse:
    """Satisfies `House`: bubblewrap around the server, and namespaces anew for every candidate."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self._folder = _folder(stack)
            self._sandbox = _Namespaces(_policy(self._folder))
            stack.callback(self._sandbox.close)
            self._stack = stack.pop_all()

    @property
    def name(self) -> str:
        return "bubblewrap, and namespaces for every program"

    @property
    def warning(self) -> str:
        return ""

    @property
    def forbidden(self) -> Sequence[str]:
        return ("/proc/self", "/sys/kernel", "/root/.profile", *map(str, benchmarks()))

    def settings(self, limits: TrialLimits) -> Mapping[str, object]:
        return _settings(self._folder, limits) | {
            "isolate": True,
            "hide": [*map(str, package_folders()), "/proc"],
            "keep": list(map(str, packages())),
            "limits": limits.kernel_limits(count_tasks=True),
            "filter": program(this_machine(), sockets=False, ipc=False, forks=False),
        }

    def start(self, source: str, control: int, limits: TrialLimits) -> Housed:
        return _Running(self._sandbox.begin(_order(self._folder, source, control, limits)))

    def close(self) -> None:
        self._stack.close()


class LandlockHouse:
    """Satisfies `House`: Landlock around the server, and for every candidate a rule that it may write nothing."""

    def __init__(self) -> None:
        exposed = exposed_benchmark()
        if exposed is not None:
            raise SandboxError(f"Landlock would let programs read the tests in {exposed}")
        with ExitStack() as stack:
            self._folder = _folder(stack)
            self._sandbox = _Landlock(_policy(self._folder))
            stack.callback(self._sandbox.close)
            self._stack = stack.pop_all()

    @property
    def name(self) -> str:
        return "landlock"

    @property
    def warning(self) -> str:
        return ""

    @property
    def forbidden(self) -> Sequence[str]:
        return (*map(str, benchmarks()), "/proc/self/cmdline")

    def settings(self, limits: TrialLimits) -> Mapping[str, object]:
        scoped = 3 if landlock_version() >= SIGNALS_SCOPED else 0
        return _settings(self._folder, limits) | {
            "landlock": [24 if scoped else 8, _WRITING, 0, scoped],
            "filter": program(this_machine(), sockets=False, ipc=False, forks=False),
        }

    def start(self, source: str, control: int, limits: TrialLimits) -> Housed:
        return _Running(self._sandbox.begin(_order(self._folder, source, control, limits)))

    def close(self) -> None:
        self._stack.close()


class TrustedHouse:
    """Satisfies `House` for programs that the user trusts. They can read the user's files and reach the network, could
    disturb each other, and may read the tests where one process of the user's can look into another; what they start
    is ended with them as far as it can be found."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self._folder = _folder(stack)
            self._stack = stack.pop_all()

    @property
    def name(self) -> str:
        return "nothing: programs are trusted"

    @property
    def warning(self) -> str:
        return "programs run without a sandbox: they can read and change whatever you can, and reach the network"

    @property
    def forbidden(self) -> Sequence[str]:
        return ()

    def settings(self, limits: TrialLimits) -> Mapping[str, object]:
        return _settings(self._folder, limits)

    def start(self, source: str, control: int, limits: TrialLimits) -> Housed:
        folder = temporary_folder("run")
        argv = [*_python(source), str(control)]
        environment = {"TMPDIR": str(folder), "HOME": str(folder), "LANG": "C.UTF-8", **_ONE_THREAD}
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environment,
                pass_fds=[control],
                start_new_session=True,
            )
        except OSError as error:
            remove_tree(folder)
            raise SandboxError(f"a program could not be started: {error}") from error
        return _Bare(process, folder)

    def close(self) -> None:
        self._stack.close()


class _Namespaces(BubblewrapSandbox):
    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._filter = _ALLOW_ALL

    def _rights(self) -> Sequence[str]:
        """The server makes namespaces and mounts. Candidates lose this right before they are there."""
        return ("--cap-add", "CAP_SYS_ADMIN")

    def begin(self, order: Order) -> Run:
        """Start a program that stays."""
        return self._begin(order)


class _Landlock(LandlockSandbox):
    def begin(self, order: Order) -> Run:
        """Start a program that stays."""
        return self._begin(order)


@dataclass(frozen=True, slots=True)
class _Running:
    run: Run

    def end(self) -> str:
        self.run.end()
        self.run.process.wait()
        assert self.run.process.stderr is not None
        said = self.run.process.stderr.read() or b""
        close_pipes(self.run.process)
        self.run.finish(said, True)
        return said.decode("utf-8", "replace").strip()


@dataclass(frozen=True, slots=True)
class _Bare:
    process: subprocess.Popen[bytes]
    folder: Path

    def end(self) -> str:
        self.process.kill()
        _, said = self.process.communicate()
        remove_tree(self.folder)
        return said.decode("utf-8", "replace").strip()


_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _folder(stack: ExitStack) -> Path:
    """A folder with nothing in it but the packages that candidates may import."""
    folder = temporary_folder("sandbox")
    stack.callback(remove_tree, folder)
    folder.chmod(0o755)
    for package in packages():
        (folder / package.name).symlink_to(package)
    return folder


def _policy(folder: Path) -> Policy:
    return Policy(folder, False, (), (), packages(), environment=_ONE_THREAD)


def _python(source: str) -> tuple[str, ...]:
    """The very interpreter that runs this program, without its environment's packages."""
    return (os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", source)


def _order(folder: Path, source: str, control: int, limits: TrialLimits) -> Order:
    taken = Limits(wall=_FOREVER, cpu=_FOREVER, memory=2 * limits.memory, processes=2 * limits.tasks)
    return Order((*_python(source), str(control)), folder, taken, False, False, (control,))


def _settings(folder: Path, limits: TrialLimits) -> dict[str, object]:
    return {
        "isolate": False,
        "hide": [],
        "keep": [],
        "filter": b"",
        "landlock": None,
        "limits": limits.kernel_limits(count_tasks=False),
        "path": [str(folder)],
    }
