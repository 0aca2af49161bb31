"""From the threads that wait for a model to the event loop that writes to a client.

A reply is followed by a thread of its own, since the runtime's iterators block. Whoever stops following cancels what
was followed, and goes on only when the engine has let go of it: whoever holds a place knows when it is free.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import anyio

from demiurgic_server.problems import Stopping, TooSlow

Event_co = TypeVar("Event_co", covariant=True)
Event = TypeVar("Event")


class Source(Protocol[Event_co]):
    """Something to follow: a reply, a generation, a turn of the agent."""

    def __iter__(self) -> Iterator[Event_co]: ...

    def cancel(self) -> None: ...


AnySource = TypeVar("AnySource", bound=Source[Any])


def all_or_none(beginning: Iterable[AnySource]) -> list[AnySource]:
    """All that comes of the iterable, which begins one after the other. Where it fails, those that began are
    cancelled."""
    begun: list[AnySource] = []
    try:
        for source in beginning:
            begun.append(source)
    except BaseException:
        for source in begun:
            source.cancel()
        raise
    return begun


@dataclass(frozen=True, slots=True)
class Told(Generic[Event]):
    """What happened in the source of this number."""

    index: int
    event: Event


@dataclass(frozen=True, slots=True)
class Pulse:
    """Some time has passed. What happened meanwhile may have been nothing that a client hears of."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something is followed."""

    pulse: float
    deadline: float
    """On the clock of `time.monotonic`."""
    stopping: asyncio.Event
    """Set when the server wants to end."""


@asynccontextmanager
async def following(
    sources: Sequence[Source[Event]], patience: Patience
) -> AsyncGenerator[AsyncGenerator[Told[Event] | Pulse]]:
    """All that happens in all of the sources, to their ends. Iterating raises the first error of any of them, TooSlow,
    or Stopping. The sources are cancelled at the end even if nobody iterates."""
    told: asyncio.Queue[Told[Event] | _Ended] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    threads: list[_Thread] = []
    stop = loop.create_task(patience.stopping.wait())
    stop.add_done_callback(lambda task: None if task.cancelled() else told.put_nowait(_Ended(Stopping())))
    try:
        for index, source in enumerate(sources):
            threads.append(_Thread(index, source, loop, told))
        yield _events(told, len(threads), patience)
    finally:
        stop.cancel()
        for source in sources:
            source.cancel()
        with anyio.CancelScope(shield=True):
            for thread in threads:
                await thread.ended.wait()


@dataclass(frozen=True, slots=True)
class _Ended:
    error: BaseException | None


async def _events(
    told: "asyncio.Queue[Told[Event] | _Ended]", running: int, patience: Patience
) -> AsyncGenerator[Told[Event] | Pulse]:
    due = time.monotonic() + patience.pulse
    while running:
        event = await _next(told, min(due, patience.deadline))
        if time.monotonic() >= patience.deadline:
            raise TooSlow("the request took longer than this server allows")
        if time.monotonic() >= due:
            due = time.monotonic() + patience.pulse
            yield Pulse()
        if isinstance(event, Told):
            yield event
        elif event is not None and event.error is not None:
            raise event.error
        elif event is not None:
            running -= 1


async def _next(told: "asyncio.Queue[Told[Event] | _Ended]", until: float) -> "Told[Event] | _Ended | None":
    """What happens next, or None when it is late."""
    try:
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            return await told.get()
    except TimeoutError:
        return None


class _Thread:
    """Follows one source to its end."""

    def __init__(
        self,
        index: int,
        source: Source[Event],
        loop: asyncio.AbstractEventLoop,
        told: "asyncio.Queue[Told[Event] | _Ended]",
    ) -> None:
        self.ended = asyncio.Event()

        def end(error: BaseException | None) -> None:
            told.put_nowait(_Ended(error))
            self.ended.set()

        def run() -> None:
            problem: BaseException | None = None
            try:
                for event in source:
                    loop.call_soon_threadsafe(told.put_nowait, Told(index, event))
            except BaseException as error:  # noqa: BLE001 - carried over to the loop, and raised there
                problem = error
            loop.call_soon_threadsafe(end, problem)

        threading.Thread(target=run, name="follower", daemon=True).start()
