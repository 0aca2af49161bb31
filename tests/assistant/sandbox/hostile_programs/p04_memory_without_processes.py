"""Take 480 MiB in files that live in memory and in no folder."""

import os

from prelude import got

files = [os.memfd_create(f"hoard{number}") for number in range(24)]
for file in files:
    for _ in range(20):
        os.write(file, b"x" * (1 << 20))
got("480 MiB of memory files")
