"""A teacher that is asked through actors on the nodes of an existing Ray cluster. Money stays with who asks.

Ray does nothing again by itself here: it cannot know what a question costs. An actor that is lost, with its node or
alone, takes the questions under way with it. What was set aside for them counts as spent, and they are asked again
only where that much can be set aside once more: so the cap holds. A lost actor is not replaced; the others go on.

An actor is given its teacher with that teacher's one key when it is made, and no other. Ray carries both as it carries
all arguments, so who runs the cluster could read the key; it is in no log, name or list that Ray shows.
"""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import cycle, islice
from types import ModuleType
from typing import Any, TypeAlias

from demiurgic.chat.remote import Ask
from demiurgic.errors import DemiurgicError, SandboxError, UserError, WorkError
from demiurgic.evaluation.cluster import join
from demiurgic.evaluation.writing import Stopped
from demiurgic_training.teachers.crew import Make
from demiurgic_training.teachers.protocol import Answer, Lost

_Actor: TypeAlias = Any
"""Ray has no types."""
_FOR_ONE = 16
"""An actor has about so many questions at once."""
_OPENED_WITHIN = 120.0
"""Seconds."""


@contextmanager
def joined(address: str) -> Generator[ModuleType]:
    """Ray, while this process belongs to the cluster. Raises UserError where it cannot be reached."""
    try:
        ray = join(address)
    except SandboxError as error:
        raise UserError(error.message, error.hint or "ray start --head") from error
    try:
        yield ray
    finally:
        ray.shutdown()


class ClusterTeacher:
    """Satisfies `Teacher`."""

    def __init__(self, ray: ModuleType, make: Make, name: str, at_once: int) -> None:
        """`make` opens the teacher, in each actor for itself. Raises WorkError where a node cannot."""
        self.name = name
        self._ray, self._lock, self._closed = ray, threading.Lock(), False
        # They compute little, so that they reserve no core: several teachers share a cluster, and a busy one has room.
        kept = {"num_cpus": 0, "max_restarts": 0, "max_task_retries": 0, "max_concurrency": at_once + 1}
        there = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        self._actors = [
            ray.remote(**kept, scheduling_strategy=there(node, soft=False))(_Asker).remote(make)
            for node in _places(ray, at_once)
        ]
        self.tries = self._opened()

    def ask(self, ask: Ask) -> Answer:
        """Ask through whoever's turn it is. Raises Lost where that one ends meanwhile, and Stopped where all are
        closed."""
        actor = self._next()
        try:
            result: Answer | DemiurgicError = self._ray.get(actor.ask.remote(ask))
        except self._ray.exceptions.RayError as error:
            with self._lock:
                if self._closed:
                    raise Stopped from None
                self._actors = [each for each in self._actors if each is not actor]
            raise Lost("a node of the Ray cluster was lost while it asked", "start again to go on") from error
        if isinstance(result, DemiurgicError):
            raise result
        return result

    def close(self) -> None:
        """End the actors, also while they ask."""
        with self._lock:
            self._closed = True
        for actor in self._actors:
            self._ray.kill(actor)

    def _next(self) -> _Actor:
        with self._lock:
            if self._closed:
                raise Stopped
            if not self._actors:
                raise WorkError("no node of the Ray cluster that asked is left", "start again to go on")
            self._actors.append(self._actors.pop(0))
            return self._actors[-1]

    def _opened(self) -> int:
        try:
            told: list[int | DemiurgicError] = self._ray.get(
                [actor.opened.remote() for actor in self._actors], timeout=_OPENED_WITHIN
            )
        except self._ray.exceptions.RayError as error:
            self.close()
            why = str(error).strip().splitlines()[-1]
            raise WorkError(f"a node of the Ray cluster cannot ask {self.name}: {why}") from error
        for each in told:
            if isinstance(each, DemiurgicError):
                self.close()
                raise each
        return max(each for each in told if isinstance(each, int))


def _places(ray: ModuleType, at_once: int) -> list[str]:
    """The node of each actor: one for some questions, at most one a core, and at least one on every node."""
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    cores = int(ray.cluster_resources().get("CPU", 1))
    return list(islice(cycle(nodes), max(len(nodes), min(cores, at_once // _FOR_ONE))))


class _Asker:
    """One process of the cluster. Failures are returned: what is raised, Ray would wrap and log."""

    def __init__(self, make: Make) -> None:
        try:
            self._teacher = make()
        except DemiurgicError as error:
            self._problem: DemiurgicError | None = error
        else:
            self._problem = None

    async def opened(self) -> int | DemiurgicError:
        return self._problem or self._teacher.tries

    async def ask(self, ask: Ask) -> Answer | DemiurgicError:
        answered: Future[Answer | DemiurgicError] = Future()

        def told(task: "asyncio.Task[Answer]") -> None:
            error = task.exception()
            if error is None or isinstance(error, DemiurgicError):
                answered.set_result(error or task.result())
            else:
                answered.set_exception(error)

        self._teacher.begin(ask, told)
        return await asyncio.wrap_future(answered)
