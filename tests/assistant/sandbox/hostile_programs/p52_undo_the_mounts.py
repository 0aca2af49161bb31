"""Take away or loosen what lies over protected and hidden paths."""

import ctypes
import os

from prelude import attempt, got, read, write

libc = ctypes.CDLL(None, use_errno=True)
for path in (b".git", b".env", b"."):
    if libc.umount2(path, 2) == 0:
        got("umount", path)
    if libc.mount(b"none", path, b"none", 32 | 4096, None) == 0:
        got("remount", path)
attempt("write beneath", lambda: write(".git/config"))
try:
    text = read(".env")
except OSError:
    text = ""
if text:
    got("the hidden file", text)
attempt("replace the hidden file", lambda: os.replace("evil", ".env"))
