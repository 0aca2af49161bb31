"""Scoring past one machine: candidates are judged by the nodes of an existing Ray cluster.

Every node needs this program installed, and judges in a sandbox of its own. A node that is lost loses nothing: what
it had is judged again by another.
"""

import queue
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from demiurgic.errors import MissingExtra, SandboxError
from demiurgic.evaluation.executing.executor import Executor
from demiurgic.evaluation.executing.houses import open_house
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.verdicts import Candidate, Verdict

_BATCH = 16
_Judged: TypeAlias = tuple[Candidate, Verdict]


class _Node:
    """One core of the cluster, with a judge that stays."""

    def __init__(self, sandbox: str, limits: TrialLimits) -> None:
        self._judging = Executor(1, limits, open_house(sandbox))

    def judge(self, batch: Sequence[Candidate]) -> list[_Judged]:
        return list(self._judging.judge(batch))


class RayJudging:
    """Satisfies `Judging`."""

    warning = ""

    def __init__(self, address: str, sandbox: str, limits: TrialLimits | None = None) -> None:
        """Join the cluster. Raises SandboxError where it cannot be reached."""
        try:
            import ray
        except ImportError as error:
            raise MissingExtra("Ray", "ray") from error
        self._ray: Any = ray  # untyped
        _knock(address)
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise SandboxError(f"the Ray cluster at {address} cannot be reached: {error}") from error
        cores = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        node = self._ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=3)(_Node)
        self.name = f"the sandboxes of {cores} cores of a Ray cluster"
        self._idle = [node.remote(sandbox, limits or TrialLimits()) for _ in range(cores)]
        self._busy: dict[Any, Any] = {}

    def judge(self, candidates: Iterable[Candidate]) -> Iterator[_Judged]:
        """Each with its verdict, in the order in which batches end."""
        feed = _Feed(candidates)
        try:
            while not feed.empty or self._busy:
                while self._idle and (batch := feed.batch(wait=not self._busy)):
                    node = self._idle.pop()
                    self._busy[node.judge.remote(batch)] = node
                yield from self._ended(wait=0.05 if not feed.empty else None)
        finally:
            feed.stop()

    def close(self) -> None:
        """Leave the cluster."""
        for node in (*self._idle, *self._busy.values()):
            self._ray.kill(node)
        self._ray.shutdown()

    def _ended(self, wait: float | None) -> Iterator[_Judged]:
        if not self._busy:
            return
        done, _ = self._ray.wait(list(self._busy), timeout=wait)
        for task in done:
            self._idle.append(self._busy.pop(task))
            try:
                yield from self._ray.get(task)
            except self._ray.exceptions.RayError as error:
                raise SandboxError(f"a node of the Ray cluster cannot judge: {error}") from error


def _knock(address: str) -> None:
    """Ray itself knocks for minutes at a door that nobody is behind."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and "/" not in address):
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise SandboxError(f"there is no Ray cluster at {address}: {error}", "ray start --head") from error


class _Feed:
    """Draws candidates beside, since drawing one may take as long as a model writes."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._drawn: queue.Queue[Candidate | None] = queue.Queue(maxsize=64 * _BATCH)
        self._stopped = threading.Event()
        self._problem: BaseException | None = None
        self.empty = False
        threading.Thread(target=self._draw, args=(candidates,), daemon=True).start()

    def batch(self, *, wait: bool) -> list[Candidate]:
        """What is there, some of it; waits for one if told so."""
        batch: list[Candidate] = []
        try:
            while not self.empty and len(batch) < _BATCH:
                candidate = self._drawn.get(block=wait and not batch)
                if candidate is None:
                    self.empty = True
                else:
                    batch.append(candidate)
        except queue.Empty:
            pass
        if self._problem is not None and self.empty and not batch:
            raise self._problem
        return batch

    def stop(self) -> None:
        """Draw no more."""
        self._stopped.set()

    def _draw(self, candidates: Iterable[Candidate]) -> None:
        try:
            for candidate in candidates:
                while not self._stopped.is_set():
                    try:
                        self._drawn.put(candidate, timeout=0.5)
                        break
                    except queue.Full:
                        continue
        except BaseException as error:  # noqa: BLE001 - raised again where the verdicts are awaited
            self._problem = error
        finally:
            self._drawn.put(None)
