"""Call what programs have no use for and attackers have."""

import ctypes
import errno
import os
import platform

from prelude import got

CALLS = {
    "io_uring_setup": (425, 425, (1, b"\0" * 256)),
    "bpf": (321, 280, (0, b"\0" * 64, 64)),
    "perf_event_open": (298, 241, (b"\1\0\0\0\x70" + b"\0" * 123, 0, -1, -1, 0)),
    "userfaultfd": (323, 282, (1,)),
    "keyctl": (250, 219, (0, -3, 1)),
    "add_key": (248, 217, (b"user\0", b"name\0", b"x", 1, -3)),
    "open_by_handle_at": (304, 265, (-100, b"\0" * 64, 0)),
    "mount": (165, 40, (b"none\0", b"/tmp\0", b"tmpfs\0", 0, None)),
    "umount2": (166, 39, (b"/tmp\0", 2)),
    "pivot_root": (155, 41, (b"/\0", b"/\0")),
    "fsopen": (430, 430, (b"tmpfs\0", 0)),
    "open_tree": (428, 428, (-100, b"/\0", 1)),
    "move_mount": (429, 429, (-100, b"/\0", -100, b"/\0", 0)),
    "mount_setattr": (442, 442, (-100, b"/\0", 0, b"\0" * 32, 32)),
    "unshare": (272, 97, (0x10000000,)),
    "setns": (308, 268, (0, 0)),
    "chroot": (161, 51, (b"/\0",)),
    "pidfd_getfd": (438, 438, (0, 0, 0)),
    "kcmp": (312, 272, (1, 1, 0, 0, 0)),
    "init_module": (175, 105, (b"", 0, b"\0")),
    "kexec_load": (246, 104, (0, 0, None, 0)),
    "swapon": (167, 224, (b"/tmp\0", 0)),
    "reboot": (169, 142, (0, 0, 0, None)),
    "clock_settime": (227, 112, (0, b"\0" * 16)),
    "syslog": (103, 116, (2, b"\0" * 64, 1)),
    "quotactl": (179, 60, (0, None, 0, None)),
    "memfd_secret": (447, 447, (0,)),
    "process_madvise": (440, 440, (0, None, 0, 0, 0)),
    "fanotify_init": (300, 262, (0, 0)),
}
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
for name, (intel, other, arguments) in CALLS.items():
    if libc.syscall(other if arm else intel, *arguments) >= 0:
        got(name)
    elif ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES):
        got(f"as far as {name}", os.strerror(ctypes.get_errno()))
