"""Judges many candidates at once, each in a process of its own that another process asks for answers.

A time-out counts only after it came twice, the second time with nothing else running here. The order of verdicts is
the order in which they are ready.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import TypeAlias

from demiurgic.errors import SandboxError
from demiurgic.evaluation.executing.houses import House, open_house
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.executing.pair import Ended, Pair
from demiurgic.evaluation.verdicts import Candidate, Outcome, Verdict

_TIMEOUTS = (Outcome.CPU_TIMEOUT, Outcome.WALL_TIMEOUT)
_Judged: TypeAlias = tuple[Candidate, Verdict]
_CLOSED = "the executor is closed"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """There are no more candidates than these."""

    count: int


_Results: TypeAlias = queue.SimpleQueue[_Judged | _Drawn | BaseException]


class Executor:
    """Satisfies `Judging`."""

    def __init__(
        self, workers: int | None = None, limits: TrialLimits | None = None, house: House | None = None
    ) -> None:
        """Without a house, in the strongest that works here. Closes it in any case."""
        self._house = house or open_house()
        self._orders: queue.SimpleQueue[tuple[Candidate, _Results] | None] = queue.SimpleQueue()
        cores = os.sched_getaffinity(0)
        count = workers or len(cores)
        # With fewer pairs than cores, as where each actor of a node has one, nobody here knows which core is free.
        places = [{core} for core in cores] if count >= len(cores) else [cores]
        self._pairs = [Pair(self._house, limits or TrialLimits()) for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._work, args=(pair, place), daemon=True)
            for pair, place in zip(self._pairs, cycle(places), strict=False)
        ]
        self._closed = False
        for thread in self._threads:
            thread.start()

    @property
    def name(self) -> str:
        """What keeps the programs in."""
        return self._house.name

    @property
    def warning(self) -> str:
        """What nothing keeps them from."""
        return self._house.warning

    def judge(self, candidates: Iterable[Candidate]) -> Iterator[_Judged]:
        """Each with its verdict, in the order in which they end; what timed out comes last."""
        if self._closed:
            raise SandboxError(_CLOSED)
        feed = _Feed(candidates, self._orders, 2 * len(self._pairs))
        feed.start()
        late: list[Candidate] = []
        try:
            for candidate, verdict in feed.results():
                if verdict.outcome in _TIMEOUTS:
                    late.append(candidate)
                else:
                    yield candidate, verdict
        finally:
            feed.stop()
        for candidate in late:
            results: _Results = queue.SimpleQueue()
            self._orders.put((candidate, results))
            yield _judged(results.get())

    def close(self) -> None:
        """End everything, and leave nothing behind."""
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._orders.put(None)
        for pair in self._pairs:
            pair.end()
        for thread in self._threads:
            thread.join()
        while not self._orders.empty():
            order = self._orders.get()
            if order is not None:
                order[1].put(SandboxError(_CLOSED))
        self._house.close()

    def _work(self, pair: Pair, place: set[int]) -> None:
        _stay(place)
        while (order := self._orders.get()) is not None:
            candidate, results = order
            try:
                results.put((candidate, pair.judge(candidate)))
            except Ended:
                results.put(SandboxError(_CLOSED))
                break
            except Exception as error:  # noqa: BLE001 - raised again where the verdicts are awaited
                results.put(error)
        pair.close()


class _Feed:
    """Draws candidates as there is room, in a thread of its own: drawing one may take as long as a model writes."""

    def __init__(
        self, candidates: Iterable[Candidate], orders: "queue.SimpleQueue[tuple[Candidate, _Results] | None]", room: int
    ) -> None:
        self._candidates, self._orders = iter(candidates), orders
        self._results: _Results = queue.SimpleQueue()
        self._room = threading.Semaphore(room)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to draw."""
        threading.Thread(target=self._draw, daemon=True).start()

    def results(self) -> Iterator[_Judged]:
        """What comes of them."""
        seen, count = 0, None
        while count is None or seen < count:
            result = self._results.get()
            if isinstance(result, _Drawn):
                count = result.count
                continue
            seen += 1
            self._room.release()
            yield _judged(result)

    def stop(self) -> None:
        """Draw no more; a candidate that is being waited for is the last."""
        self._stopped.set()
        self._room.release()

    def _draw(self) -> None:
        count = 0
        try:
            while self._room.acquire() and not self._stopped.is_set():
                candidate = next(self._candidates, None)
                if candidate is None:
                    break
                self._orders.put((candidate, self._results))
                count += 1
        except BaseException as error:  # noqa: BLE001 - raised again where the verdicts are awaited
            self._results.put(error)
        self._results.put(_Drawn(count))


def _stay(place: set[int]) -> None:
    """Keep this thread, and all that it starts, on these cores. On a single one the processes of a trial, which take
    turns a dozen times, wake each other much sooner than across cores."""
    with contextlib.suppress(OSError):  # a core that was taken away meanwhile
        os.sched_setaffinity(0, place)


def _judged(result: _Judged | _Drawn | BaseException) -> _Judged:
    if isinstance(result, BaseException):
        raise result
    assert not isinstance(result, _Drawn)
    return result
