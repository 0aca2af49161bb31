"""What all endpoints stand on, and how a request gets from its arrival to a model's replies."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from demiurgic.chat.protocol import ChatModel
from demiurgic.threads import begun
from demiurgic_server.agent.runs import Runs
from demiurgic_server.following import Event, Patience, Pulse, Source, Told, following
from demiurgic_server.gate import Gate
from demiurgic_server.meter import Meter
from demiurgic_server.pool import Models
from demiurgic_server.problems import Busy, Stopping, TooSlow
from demiurgic_server.serving import Serving

Result = TypeVar("Result")


@dataclass(slots=True)
class House:
    """One running server."""

    serving: Serving
    pool: Models
    gate: Gate
    meter: Meter
    runs: Runs
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when what still runs shall end."""
    ready: bool = False

    def patience(self, began: float) -> Patience:
        """How long a request may take that began then."""
        limits = self.serving.limits
        return Patience(limits.pulse, began + limits.seconds, self.stopping)


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[Event]):
    """What a request wants of a model: `begin` starts the work in a thread, and what it returns is followed."""

    model: str | None
    begin: Callable[[ChatModel], Sequence[Source[Event]]]
    places: int = 1


@dataclass(frozen=True, slots=True)
class Answering(Generic[Event]):
    """A request that was let in: the model's name, and what happens."""

    model: str
    events: AsyncIterator[Told[Event] | Pulse]


@asynccontextmanager
async def answering(house: House, client: str, asked: Asked[Event]) -> AsyncGenerator[Answering[Event]]:
    """Wait for the model and for a place, and begin. All is given back in the end, whatever that is."""
    began = time.monotonic()
    async with AsyncExitStack() as held:
        model, sources = await in_time(house, _admitted(house, client, asked, held))
        events = await held.enter_async_context(following(sources, house.patience(began)))
        yield Answering(model.name, house.meter.watching(events, began))


async def in_time(house: House, work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result. Raises TooSlow where it takes longer than a request may, and Stopping where the server ends
    before."""
    try:
        async with asyncio.timeout(house.serving.limits.seconds):
            return await _unless(house.stopping.wait(), work, Stopping)
    except TimeoutError as error:
        raise TooSlow("the model, or a place, did not become free in time") from error


async def _admitted(
    house: House, client: str, asked: Asked[Event], held: AsyncExitStack
) -> tuple[ChatModel, Sequence[Source[Event]]]:
    # The model comes first: who waits for another one must not keep a place from those who still need the present one.
    if house.pool.waiting > house.serving.limits.queue:
        raise Busy(house.pool.waiting)
    model = await held.enter_async_context(house.pool.use(asked.model))
    await held.enter_async_context(house.gate.place(client, asked.places))
    sources = await begun(lambda: asked.begin(model), _cancel_all)
    held.callback(_cancel_all, sources)  # also where nobody comes to follow them
    return model, sources


def _cancel_all(sources: Sequence[Source[Event]]) -> None:
    for source in sources:
        source.cancel()


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result. Raises ClientGone, and the work is cancelled, when the client hangs up before."""
    return await _unless(_gone(request), work, ClientGone)


async def _unless(
    other: Coroutine[Any, Any, object], work: Coroutine[Any, Any, Result], problem: Callable[[], Exception]
) -> Result:
    """The work's result. If the other thing happens before, the work is cancelled, and the problem raised."""
    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(other)
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise problem()
    finally:
        watch.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class EventStream(Response):
    """Server-sent events. What the stream holds is given back when it ends, even if it never began."""

    def __init__(self, frames: AsyncGenerator[bytes], held: AsyncExitStack) -> None:
        super().__init__()
        self._frames, self._held = frames, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        async with self._held, aclosing(self._frames):
            await StreamingResponse(self._frames, headers=headers, media_type="text/event-stream")(scope, receive, send)


async def begin_stream(
    request: Request, house: House, asked: Asked[Event], frames: Callable[[Answering[Event]], AsyncGenerator[bytes]]
) -> EventStream:
    """Let a request in, and answer it with a stream. What is wrong before it begins is raised here, as for any other
    request; what goes wrong later is for `frames` to tell."""
    held = AsyncExitStack()
    try:
        entering = held.enter_async_context(answering(house, client_of(request), asked))
        return EventStream(frames(await unless_gone(request, entering)), held)
    except BaseException:
        await held.aclose()
        raise


async def whole(
    request: Request,
    house: House,
    asked: Asked[Event],
    fold: Callable[[Answering[Event]], Awaitable[Result]],
) -> Result:
    """Let a request in, and wait for all that comes of it."""

    async def work() -> Result:
        async with answering(house, client_of(request), asked) as begun:
            return await fold(begun)

    return await unless_gone(request, work())


def house_of(request: Request) -> House:
    """The server that a request came to."""
    house: House = request.app.state.house
    return house


def client_of(request: Request) -> str:
    """Whose turn it is: the key's, or where there are none the address's."""
    client: str = request.scope.get("client_name") or (request.client.host if request.client else "")
    return client
