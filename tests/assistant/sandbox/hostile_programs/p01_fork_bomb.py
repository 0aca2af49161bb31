"""Fork until it is refused."""

import os
import time

from prelude import facts, got

count = 0
try:
    while count < 600:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        count += 1
except OSError:
    pass
if count > facts["processes"]:
    got("more processes than allowed", count)
