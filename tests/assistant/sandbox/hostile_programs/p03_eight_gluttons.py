"""Take 60 MiB in each of eight processes: no limit of one process is passed."""

import os
import time

from prelude import got

children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        try:
            hoard = b"x" * (60 << 20)
        except MemoryError:
            os._exit(1)
        time.sleep(1.5)
        os._exit(0)
    children.append(child)
if not any(os.waitpid(child, 0)[1] for child in children):
    got("480 MiB together")
else:
    raise SystemExit(1)
