"""Write many files, each small enough."""

import os

from prelude import facts, got

for number in range(4 * facts["disk"] >> 22):
    with open(f"part{number}", "wb") as file:
        file.write(os.urandom(1 << 20) * 4)
        file.flush()
        os.fsync(file.fileno())
got("four times the disk")
