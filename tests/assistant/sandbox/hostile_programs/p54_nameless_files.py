"""Fill the disk with files that have lost their names. They must be gone with their program."""

import os

from prelude import facts

files = []
for number in range(4):
    files.append(open(f"nameless{number}", "wb", buffering=0))
    os.unlink(f"nameless{number}")
    for _ in range(min(facts["file_size"], facts["disk"]) >> 20):
        files[-1].write(os.urandom(1 << 10) * 1024)
