"""An event loop on a thread of its own, for network work that any thread may start, wait for and cancel.

Cancelling a task of the loop ends it wherever it waits: for a connection, a first byte, a pause between two tries.
That is what makes a remote reply stop at once. Nothing here knows of models.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeAlias, TypeVar

from demiurgic.errors import EngineError

T = TypeVar("T")
Work: TypeAlias = Callable[[], Coroutine[Any, Any, T]]


class Job(Generic[T]):
    """Work on a background loop. `done` is called on the loop's thread when it ended, however it ended."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Work[T],
        done: Callable[[asyncio.Task[T]], None],
    ) -> None:
        self._loop, self._work, self._done = loop, work, done
        self._task: asyncio.Task[T] | None = None
        loop.call_soon_threadsafe(self._begin)

    def cancel(self) -> None:
        """End it soon. May be called from any thread, at any time, more than once."""
        with suppress(RuntimeError):  # the loop is closed, and has ended every job before
            self._loop.call_soon_threadsafe(self._cancel)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._work())
        self._task.add_done_callback(self._done)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


class BackgroundLoop:
    """Starts its thread when it is first needed. A daemon, so that it never keeps the program alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, work: Work[T], done: Callable[[asyncio.Task[T]], None]) -> Job[T]:
        """Start `work` and go on."""
        return Job(self._running(), work, done)

    def run(self, work: Work[T]) -> T:
        """Start `work` and wait for what it returns or raises."""
        loop = self._running()
        return asyncio.run_coroutine_threadsafe(work(), loop).result()

    def close(self, farewell: Work[None]) -> None:
        """Cancel all work, run `farewell`, end the thread. A second call does nothing."""
        with self._lock:
            self._closed = True
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_wind_down(farewell), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise EngineError(f"{self._name} is closed")
            if self._loop is None:
                ready: Future[asyncio.AbstractEventLoop] = Future()
                self._thread = threading.Thread(target=_serve, args=(ready,), name=self._name, daemon=True)
                self._thread.start()
                self._loop = ready.result()
            return self._loop


def _serve(ready: "Future[asyncio.AbstractEventLoop]") -> None:
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        ready.set_result(loop)
        loop.run_forever()


async def _wind_down(farewell: Work[None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await farewell()
