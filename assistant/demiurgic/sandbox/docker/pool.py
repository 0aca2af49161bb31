"""Warm containers, and whose they are.

Every container bears the session that made it and the process that this session belongs to, so that what a crashed
process left can be told from what another one is using.
"""

import os
import threading
import time
from collections import deque

import psutil

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker.container import Container
from demiurgic.sandbox.docker.engine import LABEL, Engine, Shape

OWNER = "demiurgic.owner"
_SAME_START = 3.0
"""Seconds by which two readings of a process's start may differ."""
_GONE_SECONDS = 20.0


def owner() -> str:
    """This process, so that no later one with its number is taken for it."""
    return f"{os.getpid()}:{psutil.Process().create_time():.0f}"


def remove_strays(engine: Engine) -> int:
    """Remove the containers of processes that are no more. Says how many."""
    strays = [each for each, labels in engine.labelled().items() if not _lives(labels.get(OWNER, ""))]
    for each in strays:
        engine.remove(each)
    return len(strays)


def _lives(process: str) -> bool:
    number, _, start = process.partition(":")
    try:
        return abs(psutil.Process(int(number)).create_time() - float(start)) < _SAME_START
    except (psutil.NoSuchProcess, ValueError):
        return False


class Pool:
    """The containers of one session. Threads may share it; a container is taken by one at a time."""

    def __init__(self, engine: Engine, session: str, spare: int) -> None:
        self._engine, self._spare = engine, spare
        self._labels = {LABEL: session, OWNER: owner()}
        self._lock = threading.Lock()
        self._idle: deque[Container] = deque()
        self._taken: set[Container] = set()
        self.closed = False

    def take(self, shape: Shape) -> Container:
        """A container of that shape in which nothing runs."""
        while (container := self._warm(shape)) is not None:
            if container.idle():
                return container
            self.drop(container)
        container = Container(self._engine, shape, self._labels)
        with self._lock:
            self._taken.add(container)
            closed = self.closed
        if closed:
            self.drop(container)
            raise SandboxError("the sandbox is closed")
        return container

    def give_back(self, container: Container) -> None:
        """Keep a container for the next that wants one of its shape."""
        with self._lock:
            self._taken.discard(container)
            self._idle.append(container)
            surplus = [self._idle.popleft() for _ in range(len(self._idle) - self._spare)]
        for each in surplus:
            each.remove()

    def drop(self, container: Container) -> None:
        """End a container."""
        with self._lock:
            self._taken.discard(container)
        container.remove()

    def close(self) -> None:
        """End all of them, those in use as well, and wait until they are gone."""
        with self._lock:
            self.closed = True
            idle, taken = list(self._idle), list(self._taken)
            self._idle.clear()
        for container in idle:
            container.remove()
        for container in taken:
            container.kill()
        label = f"{LABEL}={self._labels[LABEL]}"
        deadline = time.monotonic() + _GONE_SECONDS
        while left := self._engine.labelled(label):
            if time.monotonic() > deadline:
                raise SandboxError(f"{len(left)} containers could not be removed", "see docker ps -a")
            for each in left:
                self._engine.remove(each)

    def _warm(self, shape: Shape) -> Container | None:
        with self._lock:
            if self.closed:
                raise SandboxError("the sandbox is closed")
            for container in self._idle:
                if container.shape == shape:
                    self._idle.remove(container)
                    self._taken.add(container)
                    return container
        return None
