"""Look for open files that somebody forgot to close."""

import os

from prelude import got

for number in range(3, 256):
    try:
        os.fstat(number)
    except OSError:
        continue
    got(f"descriptor {number}")
