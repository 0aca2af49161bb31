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
from pathlib import Path
from typing import Any, Generic, TypeVar

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.engine.protocol import Done, EndReason, Engine, EngineEvent, EngineStats, Generation, ModelFacts, Request
from demiurgic.events import ChatEvent, Finish, ReplyEnded
from demiurgic.messages import Assistant, Message, Tool, Usage
from demiurgic_server.following import Event, Source
from demiurgic_server.gate import Gate
from demiurgic_server.meter import Meter, before_the_first
from demiurgic_server.pool import Pool
from demiurgic_server.problems import Busy, Stopping

Thing = TypeVar("Thing")


class GivenUp(Stopping):
    """The wait was given up: the run is cancelled, or the server stops."""


class Lender:
    """Lends to one agent. `open` and what comes of it are the agent's thread's, `give_up` is anybody's."""

    def __init__(self, pool: Pool, gate: Gate, meter: Meter, client: str) -> None:
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
            return model.over(LentEngine(model.engine, self, loan))
        return LentChat(model, self, loan)

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


class LentEngine:
    """Satisfies `Engine`. Closing it gives it back."""

    def __init__(self, engine: Engine, lender: Lender, loan: _Loan) -> None:
        self._engine, self._lender, self._loan = engine, lender, loan

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""
        return self._engine.facts

    def generate(self, request: Request) -> Generation:
        """Start a request as soon as there is a place."""
        cancelled: EngineEvent = Done(EndReason.CANCELLED, len(request.prompt), 0, 0)
        return self._lender.placed(lambda: self._engine.generate(request), cancelled)

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Tokens of the text."""
        return self._engine.tokenize(text, markers)

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes of these tokens."""
        return self._engine.detokenize(tokens)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text."""
        return self._engine.embed(texts)

    def save(self, tokens: Sequence[int], path: Path) -> int:
        """Write what is known of these tokens to a file."""
        return self._engine.save(tokens, path)

    def load(self, path: Path) -> tuple[int, ...]:
        """Take in a saved file."""
        return self._engine.load(path)

    def stats(self) -> EngineStats:
        """What the engine does now."""
        return self._engine.stats()

    def close(self) -> None:
        """Give the model back."""
        self._loan.give_back()


class LentChat:
    """Satisfies `ChatModel`, for models behind which there is no engine of ours. Closing it gives it back."""

    def __init__(self, model: ChatModel, lender: Lender, loan: _Loan) -> None:
        self._model, self._lender, self._loan = model, lender, loan

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def context(self) -> int | None:
        """Tokens that a conversation may hold."""
        return self._model.context

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> Reply:
        """Start a reply as soon as there is a place."""
        cancelled: ChatEvent = ReplyEnded(Assistant(), Finish.CANCELLED, Usage())
        return self._lender.placed(lambda: self._model.reply(conversation, tools, options), cancelled)

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        """Tokens of the conversation, where the provider can say."""
        return self._model.count_tokens(conversation, tools, think=think)

    def close(self) -> None:
        """Give the model back."""
        self._loan.give_back()
