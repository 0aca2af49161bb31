"""Become root, or whatever else has more rights."""

import ctypes
import os
import subprocess

from prelude import attempt, got

PR_GET_NO_NEW_PRIVS = 39
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
    got("new privileges")
header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
if libc.capget(header, held) == 0 and (held[0] or held[3]):
    got("capabilities", hex(held[0]))
attempt("become another user", lambda: os.setresuid(12345, 12345, 12345))
attempt("join another group", lambda: os.setgroups([12345]))
for program in ("su", "sudo", "mount", "newgrp", "passwd"):
    try:
        said = subprocess.run([program, "-c", "id -u"], capture_output=True, stdin=subprocess.DEVNULL, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        continue
    if said.returncode == 0 and said.stdout.strip() == b"0" and os.getuid() != 0:
        got(f"root by {program}")
