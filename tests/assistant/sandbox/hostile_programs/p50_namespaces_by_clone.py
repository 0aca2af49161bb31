"""Make a user namespace by clone and by clone3, past any ban of unshare."""

import ctypes
import os
import platform

from prelude import got

libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
for name, number, arguments in (
    ("clone", 220 if arm else 56, (0x10000000 | 17, None, None, None, None)),
    ("clone3", 435, (ctypes.create_string_buffer((0x10000000).to_bytes(8, "little") + b"\0" * 80), 88)),
):
    child = libc.syscall(number, *arguments)
    if child == 0:
        os._exit(0)
    if child > 0:
        got(name, child)
