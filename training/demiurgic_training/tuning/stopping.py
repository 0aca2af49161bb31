"""Ctrl-C and SIGTERM: the first asks a run to save and end, the second ends it at once."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """What the user wants."""

    def __init__(self) -> None:
        self.asked = False
        """The run shall end soon."""
        self.patient = False
        """There is something to save first: from the first step on. Before it, the first signal ends the run."""


@contextmanager
def listening() -> Generator[Stop]:
    """Hear signals while this lasts. In another thread than the first there are none to hear."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def heard(_number: int, _frame: FrameType | None) -> None:
        if stop.asked or not stop.patient:
            raise KeyboardInterrupt
        stop.asked = True

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
