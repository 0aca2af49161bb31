"""A teacher that is asked through several processes: one alone cannot keep many dozens of quick questions in the air,
since each takes an SDK a millisecond or two of computing. Money stays with the process that asks.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import count, cycle
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import Any, TypeAlias

from demiurgic.chat.remote import Ask
from demiurgic.errors import DemiurgicError, WorkError
from demiurgic.evaluation.writing import Stopped
from demiurgic_training.teachers.protocol import Answer
from demiurgic_training.teachers.remote import RemoteTeacher

Make: TypeAlias = Callable[[], RemoteTeacher]
_GONE = "a process that asks for answers has ended"


class CrewTeacher:
    """Satisfies `Teacher`."""

    def __init__(self, make: Make, name: str, processes: int) -> None:
        """`make` opens the teacher, in each process for itself."""
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._helpers = [_Helper(context, make) for _ in range(processes)]
        self.tries = self._helpers[0].tries
        self._turns = cycle(self._helpers)
        self._lock = threading.Lock()

    def ask(self, ask: Ask) -> Answer:
        """Ask through whoever's turn it is. Raises Stopped where the crew is closed meanwhile."""
        with self._lock:
            helper = next(self._turns)
        return helper.ask(ask)

    def close(self) -> None:
        """End the processes."""
        for helper in self._helpers:
            helper.close()


class _Helper:
    """One process, from the side of who asks."""

    def __init__(self, context: SpawnContext, make: Make) -> None:
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make), daemon=True)
        self._process.start()
        theirs.close()
        self._waiting: dict[int, Future[Answer]] = {}
        self._numbers, self._lock = count(), threading.Lock()
        self._closed = self._ended = False
        opened: Any = self._pipe.recv()
        if isinstance(opened, DemiurgicError):
            self._process.join()
            raise opened
        self.tries: int = opened
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, ask: Ask) -> Answer:
        future: Future[Answer] = Future()
        with self._lock:
            if self._ended:
                raise self._why()
            number = next(self._numbers)
            self._waiting[number] = future
            with suppress(OSError):  # it has just ended: the reader tells everybody who waits
                self._pipe.send((number, ask))
        return future.result()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._process.terminate()
        self._process.join()
        self._reader.join()
        self._pipe.close()

    def _read(self) -> None:
        try:
            while True:
                told: tuple[int, Answer | DemiurgicError] = self._pipe.recv()
                number, result = told
                future = self._waiting.pop(number)
                if isinstance(result, Answer):
                    future.set_result(result)
                else:
                    future.set_exception(result)
        except (EOFError, OSError):
            with self._lock:
                self._ended = True
            for future in self._waiting.values():
                future.set_exception(self._why())

    def _why(self) -> Exception:
        """Why it ended: it was closed, or nobody knows."""
        return Stopped() if self._closed else WorkError(_GONE, "start again to go on")


def _serve(pipe: "Connection[Any, Any]", make: Make) -> None:
    """Run in the process: answer until it is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks is told, and ends this
    try:
        teacher = make()
    except DemiurgicError as error:
        pipe.send(error)
        return
    pipe.send(teacher.tries)
    gc.freeze()  # what the SDK is made of stays, and need not be looked through again and again

    def told(number: int, task: "asyncio.Task[Answer]") -> None:
        pipe.send((number, task.exception() or task.result()))

    while True:
        try:
            wanted: tuple[int, Ask] = pipe.recv()
        except EOFError:  # who asked was killed, and nobody waits for what is under way
            os._exit(0)
        teacher.begin(wanted[1], partial(told, wanted[0]))
