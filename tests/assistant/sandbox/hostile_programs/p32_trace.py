"""Trace the parent and read its memory."""

import ctypes
import errno
import os

from prelude import facts, got

libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), 1, facts["launcher"]}:
    if libc.ptrace(16, pid, None, None) == 0:
        got(f"attach to {pid}")
    room = ctypes.create_string_buffer(16)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(room), 16)
    if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) > 0:
        got(f"memory of {pid}")
    elif ctypes.get_errno() not in (errno.EPERM, errno.ESRCH, errno.ENOSYS):
        got(f"as far as the memory of {pid}", os.strerror(ctypes.get_errno()))
