"""Take memory that outlives its process and belongs to none."""

import ctypes

from prelude import got

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
for number in range(20):
    segment = libc.shmget(0, 24 << 20, 0o1600)
    if segment < 0:
        raise SystemExit(1)
    place = libc.shmat(segment, None, 0)
    libc.shmctl(segment, 0, None)  # gone with the last process that uses it
    ctypes.memset(place, number + 1, 24 << 20)
got("480 MiB of shared memory")
