"""Start more threads than there may be processes."""

import _thread
import time

from prelude import facts, got

count = 0
try:
    while count < 600:
        _thread.start_new_thread(time.sleep, (20,))
        count += 1
except RuntimeError:
    pass
if count > facts["processes"]:
    got("more threads than allowed", count)
