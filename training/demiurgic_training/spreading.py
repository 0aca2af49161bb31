"""The same work on this machine's cores or on those of a Ray cluster. Results come in the order of what they are of."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, TypeAlias, TypeVar

from demiurgic.evaluation.cluster import Cluster, Work

A = TypeVar("A")
B = TypeVar("B")
Begin: TypeAlias = Callable[[], Work[A, B]]
"""Makes a worker: called once in each process, wherever that is."""

_BATCH = 256
_FEW = 8
"""Batches. Less than that is done before other processes have begun."""
_AHEAD = 4
"""Batches that wait for each core."""


@dataclass(frozen=True, slots=True)
class Where:
    """Who does the work: so many processes here, one a core where nothing is said; or a cluster."""

    processes: int | None = None
    ray: str | None = None


def spread(begin: Begin[A, B], items: Iterable[A], where: Where, *, batch: int = _BATCH) -> Iterator[B]:
    """What comes of the items, in their order. Raises SandboxError where a cluster cannot be reached."""
    batches = _batched(items, batch)
    if where.ray is not None:
        yield from _on_cluster(begin, batches, where.ray)
        return
    processes = where.processes or len(os.sched_getaffinity(0))
    first = list(islice(batches, _FEW))
    if processes == 1 or len(first) < _FEW:
        work = begin()
        for part in chain(first, batches):
            yield from work(part)
    else:
        yield from _in_processes(begin, chain(first, batches), processes)


def _in_processes(begin: Begin[A, B], batches: Iterable[list[A]], count: int) -> Generator[B]:
    # Started anew: a copy of this process would have its locks without its threads.
    fresh = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, fresh, initializer=_begin_here, initargs=(begin,))
    waiting: deque[Future[list[B]]] = deque()
    try:
        for part in batches:
            waiting.append(pool.submit(_work_here, part))
            if len(waiting) >= _AHEAD * count:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _on_cluster(begin: Begin[A, B], batches: Iterable[list[A]], address: str) -> Generator[B]:
    cluster: Cluster[tuple[int, list[A]], tuple[int, list[B]]] = Cluster(address, partial(_numbered, begin), batch=1)
    early: dict[int, list[B]] = {}
    due = 0
    try:
        for number, results in cluster.map(enumerate(batches)):
            early[number] = results
            while due in early:
                yield from early.pop(due)
                due += 1
    finally:
        cluster.close()


def _numbered(begin: Begin[A, B]) -> Work[tuple[int, list[A]], tuple[int, list[B]]]:
    work = begin()
    return lambda batches: [(number, work(part)) for number, part in batches]


_here: list[Work[Any, Any]] = []
"""The work of this process, where it is one that was started to do it."""


def _begin_here(begin: Begin[Any, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this one ends it
    _here.append(begin())


def _work_here(part: Sequence[Any]) -> list[Any]:
    return _here[0](part)


def _batched(items: Iterable[A], size: int) -> Iterator[list[A]]:
    drawn = iter(items)
    while part := list(islice(drawn, size)):
        yield part
