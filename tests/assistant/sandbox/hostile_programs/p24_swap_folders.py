"""Swap a folder for a link to the user's folder and back, while somebody writes into it from outside."""

import ctypes
import os
import platform
import time

from prelude import facts

EXCHANGE = 2
renameat2 = 276 if platform.machine() == "aarch64" else 316
libc = ctypes.CDLL(None)
os.symlink(facts["home"], "link")
os.mkdir("folder")
until = time.time() + 2.0
while time.time() < until:
    if libc.syscall(renameat2, -100, b"folder", -100, b"link", EXCHANGE) != 0:
        raise SystemExit("they cannot be swapped")
