"""Write 300 MB that hold no line break."""

import os

from prelude import got

chunk = b"x" * (1 << 20)
for _ in range(300):
    rest = chunk
    while rest:
        rest = rest[os.write(1, rest) :]
got("300 MB of output")
