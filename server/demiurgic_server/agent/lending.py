"""The server's model in the hands of an agent, whose thread is not the event loop's.

The model is the one that clients talk to: nothing is loaded twice. It is borrowed for as long as the agent works, so no
other takes its place meanwhile. Each reply waits for a place like any request; between replies the agent holds none.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Generic, TypeVar

from demiurgic.chat.lent import LentChat, LentEngine
from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.engine.protocol import Done, EndReason, Engine, EngineEvent, Generation, Request
from demiurgic.events import ChatEvent, Finish, ReplyEnded
from demiurgic.messages import Assistant, Message, Tool, Usage
from demiurgic_server.following import Event, Source
from demiurgic_server.gate import Gate
from demiurgic_server.meter import Meter, before_the_first
from demiurgic_server.pool import Models
from demiurgic_server.problems import Busy, Stopping

Thing = TypeVar("Thing")


class GivenUp(Stopping):
    """The wait was given up: the run is cancelled, or the server stops."""


class Lender:
    """Lends to one agent. `open` and what comes of it are the agent's thread's, `give_up` is anybody's."""

    def __init__(self, pool: Models, gate: Gate, meter: Meter, client: str) -> None:
        """Made in the event loop's thread."""
        self._pool, self._gate, self._meter, self._client = pool, gate, meter, client
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._given_up = False
        self._waits: Future[Any] | None = None

    def open(self, name: str | None) -> ChatModel:
        """The model of this name, given back when it is closed. Raises UnknownModel or GivenUp."""
        loan = _Loan(self)
        model = loan.take(self._pool.use(name, long=True))
        if isinstance(model, LocalChat):
            return model.over(PlacedEngine(model.engine, self, loan))
        return PlacedChat(model, self, loan)

    def give_up(self) -> None:
        """Wait for nothing any more."""
        with self._lock:
            self._given_up = True
            if self._waits is not None:
                self._waits.cancel()

    def placed(self, begin: Callable[[], Source[Event]], cancelled: Event) -> Source[Event]:
        """What `begin` starts, started when there is a place. If that is given up, nothing but `cancelled`."""
        loan = _Loan(self)
        try:
            loan.take(_place(self._gate, self._client))
        except GivenUp:
            return _Ended(cancelled)
        try:
            return _Placed(begin(), loan, self._meter)
        except BaseException:
            loan.give_back()
            raise

    def wait(self, held: AsyncExitStack, thing: AbstractAsyncContextManager[Thing]) -> Thing:
        """Enter something in the event loop, and wait until that is done."""
        with self._lock:
            if self._given_up:
                raise GivenUp(_GIVEN_UP)
            self._waits = asyncio.run_coroutine_threadsafe(held.enter_async_context(thing), self._loop)
            waits: Future[Thing] = self._waits
        try:
            return waits.result()
        except CancelledError as error:
            raise GivenUp(_GIVEN_UP) from error

    def leave(self, held: AsyncExitStack) -> None:
        """Leave what was entered. Waits for nothing, since it may be garbage collection that asks for it."""
        asyncio.run_coroutine_threadsafe(held.aclose(), self._loop)


@asynccontextmanager
async def _place(gate: Gate, client: str) -> AsyncGenerator[None]:
    """A place, however full the line is: an agent has come too far to be sent away."""
    async with AsyncExitStack() as held:
        while True:
            try:
                await held.enter_async_context(gate.place(client))
                break
            except Busy:
                await asyncio.sleep(_AGAIN)
        yield


_AGAIN = 1.0
"""Seconds until an agent tries again to stand in a line that was full."""
_GIVEN_UP = "the run was cancelled before it could begin"


class _Loan:
    """Something of the event loop's that the agent has for a while."""

    def __init__(self, lender: Lender) -> None:
        self._lender, self._held = lender, AsyncExitStack()

    def take(self, thing: AbstractAsyncContextManager[Thing]) -> Thing:
        """Wait for it. Raises GivenUp."""
        try:
            return self._lender.wait(self._held, thing)
        except GivenUp:
            self.give_back()  # it may have been had in the same moment
            raise

    def give_back(self) -> None:
        """Let others have it. More than once does nothing."""
        self._lender.leave(self._held)


class _Placed(Generic[Event]):
    """A generation or a reply that holds a place until it ends."""

    def __init__(self, source: Source[Event], loan: _Loan, meter: Meter) -> None:
        self._source, self._loan, self._meter = source, loan, meter

    def __iter__(self) -> Iterator[Event]:
        first = 0.0
        try:
            for event in self._source:
                first = first or (0.0 if before_the_first(event) else time.monotonic())
                self._meter.count(event, time.monotonic() - first)
                if isinstance(event, Done | ReplyEnded):
                    self._loan.give_back()  # now: who follows need not come back after the last event
                yield event
        finally:
            self._loan.give_back()

    def cancel(self) -> None:
        self._source.cancel()


class _Ended(Generic[Event]):
    """What never began."""

    def __init__(self, last: Event) -> None:
        self._last = last

    def __iter__(self) -> Iterator[Event]:
        yield self._last

    def cancel(self) -> None:
        pass


class PlacedEngine(LentEngine):
    """Its requests wait for a place."""

    def __init__(self, engine: Engine, lender: Lender, loan: _Loan) -> None:
        super().__init__(engine, loan.give_back)
        self._lender = lender

    def generate(self, request: Request) -> Generation:
        """Start a request as soon as there is a place."""
        cancelled: EngineEvent = Done(EndReason.CANCELLED, len(request.prompt), 0, 0)
        return self._lender.placed(partial(super().generate, request), cancelled)


class PlacedChat(LentChat):
    """Its replies wait for a place."""

    def __init__(self, model: ChatModel, lender: Lender, loan: _Loan) -> None:
        super().__init__(model, loan.give_back)
        self._lender = lender

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> Reply:
        """Start a reply as soon as there is a place."""
        cancelled: ChatEvent = ReplyEnded(Assistant(), Finish.CANCELLED, Usage())
        return self._lender.placed(partial(super().reply, conversation, tools, options), cancelled)
