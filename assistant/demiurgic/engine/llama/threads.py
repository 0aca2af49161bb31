"""How many threads evaluate the next batch.

An assistant runs beside a compiler, a test run or a browser. Threads that wait for each other at every
operation are worth little once one of them has lost its core: two can then be slower than one. So this
measures how long a batch takes with all cores and with half of them, keeps to the faster, and looks
again from time to time, because the neighbours come and go. Batches of different sizes are never compared.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

_LOOK_AGAIN = 1.5
"""Seconds between two looks at the other number of threads."""

_LOOKS = 2
"""Steps that such a look lasts."""

_SMOOTHING = 0.4
_CLEARLY = 0.95
"""The other number must be this much faster to be chosen: noise should not make the choice swing."""


@dataclass(slots=True)
class _Size:
    """What was measured for batches of one size."""

    current: int
    next_look: float
    looking: int = 0
    seconds: dict[int, float] = field(default_factory=dict[int, float])


class ThreadGovernor:
    """Chooses between all cores and half of them by measuring."""

    def __init__(self, fixed: int | None = None) -> None:
        cores = fixed or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
        self._choices = [cores] if fixed or cores == 1 else [cores, cores // 2]
        self._sizes: dict[int, _Size] = {}
        self.current = cores
        """Threads of the last batch."""

    @contextmanager
    def measure(self, tokens: int) -> Generator[int]:
        """The number of threads for a batch of this many tokens; the time it takes is taken in."""
        now = time.monotonic()
        size = self._sizes.setdefault(tokens, _Size(self.current, now + _LOOK_AGAIN))
        self.current = self._choose(size, now)
        start = time.perf_counter()
        yield self.current
        self._learn(size, self.current, time.perf_counter() - start)

    def _choose(self, size: _Size, now: float) -> int:
        if len(self._choices) == 1:
            return self._choices[0]
        if not size.looking and now >= size.next_look:
            size.looking = _LOOKS
            size.seconds.pop(self._other(size), None)
        if size.looking:
            size.next_look = now + _LOOK_AGAIN
            return self._other(size)
        return size.current

    def _other(self, size: _Size) -> int:
        return self._choices[1] if size.current == self._choices[0] else self._choices[0]

    def _learn(self, size: _Size, threads: int, seconds: float) -> None:
        known = size.seconds.get(threads)
        size.seconds[threads] = seconds if known is None else known + _SMOOTHING * (seconds - known)
        if size.looking:
            size.looking -= 1
            other = self._other(size)
            usual = size.seconds.get(size.current)
            if not size.looking and usual is not None and size.seconds[other] < usual * _CLEARLY:
                size.current = other
