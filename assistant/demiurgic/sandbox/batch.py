"""Many runs, as many at once as there are cores, results in the order of the commands.

Commands are taken from their iterator only a little ahead of the results, so it may be endless. Whoever stops asking
for results ends the runs that are under way.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def in_order(
    given: Iterable[_Given], work: Callable[[_Given, threading.Event], _Made], at_once: int | None = None
) -> Iterator[_Made]:
    """What `work` makes of each. The event that it gets is set when nobody wants the result any more."""
    cores = at_once or len(os.sched_getaffinity(0))
    cancel = threading.Event()
    waiting: deque[Future[_Made]] = deque()
    with ThreadPoolExecutor(cores, thread_name_prefix="sandbox-batch") as pool:
        try:
            for one in given:
                waiting.append(pool.submit(work, one, cancel))
                if len(waiting) > 2 * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            cancel.set()
            for future in waiting:
                future.cancel()
