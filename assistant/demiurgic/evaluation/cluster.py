"""Work past one machine: workers that stay on the cores of an existing Ray cluster, and batches of work for them.

Every node needs this program installed. A node that is lost loses nothing: what it had is done again by another.
"""

import queue
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any, Generic, TypeAlias, TypeVar

from demiurgic.errors import MissingExtra, SandboxError

A = TypeVar("A")
B = TypeVar("B")
Work: TypeAlias = Callable[[Sequence[A]], list[B]]
"""What a worker makes of a batch. It need not be one for one."""


class _Worker:
    """One core of the cluster."""

    def __init__(self, begin: Callable[[], Work[Any, Any]]) -> None:
        self._work = begin()

    def work(self, batch: Sequence[Any]) -> list[Any]:
        return self._work(batch)


class Cluster(Generic[A, B]):
    """A worker on each core of a cluster, all of one kind."""

    def __init__(self, address: str, begin: Callable[[], Work[A, B]], *, batch: int = 16) -> None:
        """Join the cluster; `begin` is called once on each core. Raises SandboxError where it cannot be reached."""
        self._ray = join(address)
        self._batch = batch
        self.cores = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        worker = self._ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=3)(_Worker)
        self._idle = [worker.remote(begin) for _ in range(self.cores)]
        self._busy: dict[Any, Any] = {}

    def map(self, items: Iterable[A]) -> Iterator[B]:
        """What comes of the items, in the order in which batches end. Items are drawn as there is room for them."""
        feed = Feed(items, self._batch)
        try:
            while not feed.empty or self._busy:
                while self._idle and (batch := feed.batch(wait=not self._busy)):
                    worker = self._idle.pop()
                    self._busy[worker.work.remote(batch)] = worker
                yield from self._ended(wait=0.05 if not feed.empty else None)
        finally:
            feed.stop()

    def close(self) -> None:
        """Leave the cluster."""
        for worker in (*self._idle, *self._busy.values()):
            self._ray.kill(worker)
        self._ray.shutdown()

    def _ended(self, wait: float | None) -> Iterator[B]:
        if not self._busy:
            return
        done, _ = self._ray.wait(list(self._busy), timeout=wait)
        for task in done:
            self._idle.append(self._busy.pop(task))
            try:
                yield from self._ray.get(task)
            except self._ray.exceptions.RayError as error:
                raise SandboxError(f"a node of the Ray cluster cannot go on: {error}") from error


def join(address: str) -> ModuleType:
    """Ray itself, which has no types, as part of a cluster. Raises SandboxError where it cannot be reached."""
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("Ray", "ray") from error
    untyped: Any = ray
    _knock(address)
    try:
        untyped.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise SandboxError(f"the Ray cluster at {address} cannot be reached: {error}") from error
    return untyped


def _knock(address: str) -> None:
    """Ray itself knocks for minutes at a door that nobody is behind."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and "/" not in address):
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise SandboxError(f"there is no Ray cluster at {address}: {error}", "ray start --head") from error


class Feed(Generic[A]):
    """Draws items beside, since drawing one may take as long as a model writes."""

    def __init__(self, items: Iterable[A], size: int) -> None:
        self._size = size
        self._drawn: queue.Queue[tuple[A] | None] = queue.Queue(maxsize=64 * size)
        self._stopped = threading.Event()
        self._problem: BaseException | None = None
        self.empty = False
        threading.Thread(target=self._draw, args=(items,), name="cluster-feed", daemon=True).start()

    def batch(self, *, wait: bool) -> list[A]:
        """What is there, some of it; waits for one if told so."""
        batch: list[A] = []
        try:
            while not self.empty and len(batch) < self._size:
                drawn = self._drawn.get(block=wait and not batch)
                if drawn is None:
                    self.empty = True
                else:
                    batch.append(drawn[0])
        except queue.Empty:
            pass
        if self._problem is not None and self.empty and not batch:
            raise self._problem
        return batch

    def stop(self) -> None:
        """Draw no more."""
        self._stopped.set()

    def _draw(self, items: Iterable[A]) -> None:
        try:
            for item in items:
                if not self._put((item,)):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the results are awaited
            self._problem = error
        self._put(None)

    def _put(self, drawn: tuple[A] | None) -> bool:
        """Wait for room. False where nobody wants any more."""
        while not self._stopped.is_set():
            try:
                self._drawn.put(drawn, timeout=0.5)
            except queue.Full:
                continue
            return True
        return False
