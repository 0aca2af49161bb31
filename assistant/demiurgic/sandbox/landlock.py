"""Programs that the kernel's Landlock keeps to some folders; no root and no other program needed.

Landlock grants folders as wholes, so protected and hidden paths in a writable workspace are not kept, and it says
nothing of the modes, owners and times of files elsewhere. Sockets are refused altogether, because it cannot tell
where one is connected to. Programs see neither /proc nor shared memory.
"""

import ctypes
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from demiurgic.errors import SandboxError
from demiurgic.sandbox.local import Order
from demiurgic.sandbox.protocol import Guard, Policy, Strength
from demiurgic.sandbox.supervised import SupervisedSandbox

_CREATE_RULESET, _VERSION = 444, 1
_OLDEST = 3
"""Since Linux 6.2 files elsewhere cannot be cut short."""
SIGNALS_SCOPED = 6
"""Since this version programs can be kept from sending signals, and from sockets without a path, elsewhere."""

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_MAKE_DEVICE = 1 << 6 | 1 << 11
_DEVICE_CALLS = 1 << 15
_TRUNCATE = 1 << 14
_TCP = 3
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_SINCE_FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: _TRUNCATE, 5: _DEVICE_CALLS}

_SYSTEM = "/usr /bin /sbin /lib /lib32 /lib64 /libx32"
_SETTINGS = (
    "alternatives ca-certificates gitconfig group host.conf hosts ld.so.cache ld.so.conf ld.so.conf.d localtime magic "
    "mime.types nsswitch.conf passwd pki/ca-trust pki/tls/certs protocols resolv.conf services "
    "ssl/certs ssl/openssl.cnf terminfo timezone"
)
_FACTS = "/proc/cpuinfo /proc/meminfo /proc/stat /proc/version /sys/devices/system/cpu"
_DEVICES = "null zero full random urandom"


class LandlockSandbox(SupervisedSandbox):
    """Satisfies `Sandbox`."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._version = landlock_version()
        if self._version < _OLDEST:
            raise SandboxError(
                "this kernel's Landlock is missing or too old", "Linux 6.2 or newer, with landlock in its lsm= list"
            )

    @property
    def name(self) -> str:
        return "landlock"

    @property
    def strength(self) -> Strength:
        return "landlock"

    @property
    def warning(self) -> str:
        told = "modes and times of files outside the workspace can be changed"
        if self._policy.writable and (self._policy.protected or self._policy.hidden):
            told = f"protected and hidden paths in the workspace are not kept, and {told}"
        if self._policy.network:
            told = f"{told}, and every socket of your other programs can be reached"
        return told

    def _enforced(self) -> frozenset[Guard]:
        found = super()._enforced() | {Guard.FILES, Guard.SECRETS}
        return found | {Guard.SURVIVORS} if self._version >= SIGNALS_SCOPED else found

    def _landlock(self, order: Order, temporary: Path) -> Mapping[str, object] | None:
        handled = 0
        for since, rights in _SINCE_FILES.items():
            handled |= rights if self._version >= since else 0
        network = _TCP if self._version >= 4 and not self._policy.network else 0
        scoped = 3 if self._version >= SIGNALS_SCOPED else 0
        return {
            "files": handled,
            "network": network,
            "scoped": scoped,
            "size": 8 if self._version < 4 else 16 if self._version < SIGNALS_SCOPED else 24,
            "paths": [[str(path), rights & handled] for path, rights in self._rights(order, temporary, handled)],
        }

    def _rights(self, order: Order, temporary: Path, handled: int) -> Iterator[tuple[Path, int]]:
        everything = handled & ~_MAKE_DEVICE & ~_DEVICE_CALLS
        folders = [*map(Path, _SYSTEM.split()), *self._interpreter, *self._policy.readable]
        folders += [Path("/etc") / name for name in _SETTINGS.split()] + [Path(name) for name in _FACTS.split()]
        for path in folders:
            yield path, _READ if path.is_dir() else _READ & ~_READ_FOLDER
        for name in _DEVICES.split():
            yield Path("/dev") / name, _READ_FILE | _WRITE_FILE | _TRUNCATE
        yield self._policy.workspace, everything if order.writable and self._policy.writable else _READ
        yield temporary, everything


def landlock_version() -> int:
    """The version of this kernel's Landlock; 0 where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)) if os.name == "posix" else 0
