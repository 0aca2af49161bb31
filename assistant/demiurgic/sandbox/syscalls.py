"""What no program in a sandbox may ask of the kernel: one table, from which every filter is made.

It denies what opens other processes, makes mounts and namespaces, or reaches parts of the kernel that programs in a
workspace have no use for. It says nothing of paths or resources. System calls that are newer than the table are
refused by `seccomp.program`, and not by the profile for Docker, which has no words for that.
"""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Machine: TypeAlias = Literal["x86_64", "aarch64"]

NEWEST = 469
"""The highest number, the same on both machines, that was looked at when this table was made."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A condition on the lower 32 bits of an argument."""

    index: int
    operation: Literal["equal", "above"]
    value: int
    mask: int = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Deny:
    """A call that fails, with any arguments or where all these conditions hold."""

    name: str
    error: int = errno.EPERM
    arguments: tuple[Argument, ...] = ()


_ALWAYS: Mapping[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "perf_event_open": (298, 241),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    # large parts of the kernel, each with a history
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "fanotify_init": (300, 262),
    "memfd_secret": (447, 447),
    "modify_ldt": (154, None),
    # the machine itself
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "iopl": (172, None),
    "ioperm": (173, None),
    "syslog": (103, 116),
    "lookup_dcookie": (212, 18),
    "vhangup": (153, 58),
    "uselib": (134, None),
    "sysfs": (139, None),
    "nfsservctl": (180, 42),
}
"""Calls that are denied whatever their arguments are, and their numbers: x86_64, aarch64."""

_IN_PART: Mapping[str, tuple[int | None, int | None]] = {
    "kill": (62, 129),
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "socket": (41, 198),
    "ioctl": (16, 29),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "creat": (85, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
}
"""Calls that are denied with some arguments, or said not to exist."""

_SHARED: Mapping[str, tuple[int | None, int | None]] = {
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}
"""Calls to objects that have no path and belong to all programs of an IPC namespace."""

NUMBERS: Mapping[str, tuple[int | None, int | None]] = {**_ALWAYS, **_IN_PART, **_SHARED}

_NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_THREAD = 0x00010000
_SET_ID = (0o4000, 0o2000)
_CREATING = (0o100, 0o20000000)  # O_CREAT, and what sets O_TMPFILE apart


def rules(sockets: bool = True, ipc: bool = True, forks: bool = True) -> Iterator[Deny]:
    """All that is denied; without `sockets`, every kind of socket but pairs; without `ipc`, what would be shared with
    other programs of the machine where programs have no IPC namespace of their own; without `forks`, every new process
    that is not a thread."""
    yield from (Deny(name) for name in _ALWAYS)
    yield from () if ipc else (Deny(name, errno.ENOSYS) for name in _SHARED)
    # What programs try first and do without is said not to exist. The flags of clone3 and openat2 cannot be seen.
    for name in ("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "openat2"):
        yield Deny(name, errno.ENOSYS)
    yield Deny("kill", errno.EPERM, (Argument(0, "equal", 0xFFFFFFFF),))  # everything that one may
    yield from (Deny("clone", errno.EPERM, (_has(0, flag),)) for flag in _NEW_NAMESPACES)
    yield from (Deny("ioctl", errno.EPERM, (Argument(1, "equal", request),)) for request in (_TIOCSTI, _TIOCLINUX))
    yield from () if forks else (Deny("fork"), Deny("vfork"), Deny("clone", errno.EPERM, (_lacks(0, _THREAD),)))
    yield from _sockets() if sockets else (Deny("socket"),)
    yield from _set_id_bits()


def _sockets() -> Iterator[Deny]:
    for family in range(_NETLINK):
        if family not in (_UNIX, _INET, _INET6):
            yield Deny("socket", errno.EAFNOSUPPORT, (Argument(0, "equal", family),))
    yield Deny("socket", errno.EAFNOSUPPORT, (Argument(0, "above", _NETLINK),))


def _set_id_bits() -> Iterator[Deny]:
    """A set-id program that a sandbox leaves behind would lend its owner's rights to whoever runs it."""
    for bit in _SET_ID:
        for name, mode in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2), ("creat", 1)):
            yield Deny(name, errno.EPERM, (_has(mode, bit),))
        for name, mode in (("mknod", 1), ("mknodat", 2)):
            yield Deny(name, errno.EPERM, (_has(mode, bit),))
        for name, flags in (("open", 1), ("openat", 2)):
            for flag in _CREATING:
                yield Deny(name, errno.EPERM, (_has(flags, flag), _has(flags + 1, bit)))


def _has(index: int, bit: int) -> Argument:
    return Argument(index, "equal", bit, bit)


def _lacks(index: int, bit: int) -> Argument:
    return Argument(index, "equal", 0, bit)
