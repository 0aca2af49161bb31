"""How many threads evaluate the next batch.

An assistant runs beside a compiler, a test run or a browser. Threads that wait for each other at every
operation are worth little once one of them has lost its core: two can then be slower than one. So batches
are timed. All cores are used until they take clearly longer than they have been seen to; then half of them are
tried, and kept if they are faster. From there all cores are tried again now and then, because neighbours go.
Batches of different sizes are never compared.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_RETRY = 1.5
"""Seconds between two tries at the other number of threads."""

_TRIALS = 2
"""Batches that such a try lasts."""

_SMOOTHING = 0.3
_SUSPICIOUS = 1.3
"""So much slower than usual means that somebody else is using the cores."""

_FORGETTING = 1.002
"""What is usual grows a little with every batch, as the past that each looks back on does."""


@dataclass(slots=True)
class _Size:
    """What is known of batches of one size."""

    threads: int
    usual: float = float("inf")
    """The best smoothed time with all threads."""
    seconds: float = 0.0
    """Smoothed time with the present number of threads."""
    trial: list[float] | None = None
    next_try: float = 0.0


class ThreadGovernor:
    """Chooses between all cores and half of them by measuring."""

    def __init__(self, fixed: int | None = None) -> None:
        self._all = fixed or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
        self._half = self._all if fixed else max(1, self._all // 2)
        self._sizes: dict[int, _Size] = {}
        self.current = self._all
        """Threads of the last batch."""

    @contextmanager
    def measure(self, tokens: int) -> Generator[int]:
        """The number of threads for a batch of this many tokens; the time it takes is taken in."""
        size = self._sizes.setdefault(tokens, _Size(self._all))
        self.current = size.threads if size.trial is None else self._other(size)
        start = time.perf_counter()
        yield self.current
        if self._half != self._all:
            self._learn(size, time.perf_counter() - start)

    def _other(self, size: _Size) -> int:
        return self._half if size.threads == self._all else self._all

    def _learn(self, size: _Size, seconds: float) -> None:
        now = time.monotonic()
        if size.trial is not None:
            size.trial.append(seconds)
            if len(size.trial) == _TRIALS:
                self._decide(size, min(size.trial), now)
            return
        size.seconds = seconds if not size.seconds else size.seconds + _SMOOTHING * (seconds - size.seconds)
        if size.threads == self._all:
            size.usual = min(size.usual * _FORGETTING, size.seconds)
        crowded = size.seconds > size.usual * _SUSPICIOUS or size.threads == self._half
        if crowded and now >= size.next_try:
            size.trial = []

    def _decide(self, size: _Size, other: float, now: float) -> None:
        size.trial, size.next_try = None, now + _RETRY
        if other < size.seconds:
            size.threads, size.seconds = self._other(size), other
