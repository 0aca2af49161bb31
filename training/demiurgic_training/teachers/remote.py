"""Teachers behind an API. Requests run on a loop of their own, so that hundreds may wait at once.

Nothing is streamed. The SDK tries again by itself, as often and as long as the runtime allows; what that may have cost
is counted, also where it brought nothing.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, TypeAlias

from demiurgic.chat.background import BackgroundLoop
from demiurgic.chat.patience import RETRIES, counted
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import Ask, WireEvent
from demiurgic.errors import ProviderError
from demiurgic.evaluation.writing import Stopped
from demiurgic_training.teachers.protocol import Answer, Unanswered
from demiurgic_training.teachers.reading import answer_of

Object: TypeAlias = dict[str, Any]


class Wire(Protocol):
    """One model of one provider, as its SDK reaches it."""

    @property
    def name(self) -> str: ...

    @property
    def service(self) -> Service: ...

    async def prepare(self) -> None:
        """Learn what must be known of the model before it is asked. Costs nothing."""
        ...

    async def send(self, ask: Ask) -> Object:
        """The provider's reply, whole. Raises ProviderError, or UserError where this can never be answered."""
        ...

    def events(self, reply: Object) -> Iterable[WireEvent]: ...

    def charged(self, reply: Object) -> Decimal | None:
        """What the reply says that it cost, in dollars."""
        ...

    async def close(self) -> None: ...


class RemoteTeacher:
    """Satisfies `Teacher`."""

    tries = RETRIES + 1

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.loop = BackgroundLoop(wire.name)
        self._closed = False

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.wire.name

    def ask(self, ask: Ask) -> Answer:
        """Send it, and wait for the whole reply. Raises Stopped where the teacher is closed meanwhile."""
        if self._closed:
            raise Stopped
        try:
            return self.loop.run(partial(self._ask, ask))
        except CancelledError:
            raise Stopped from None

    def begin(self, ask: Ask, done: Callable[[asyncio.Task[Answer]], None]) -> None:
        """Send it and go on; `done` is called on the loop's thread."""
        self.loop.start(partial(self._ask, ask), done)

    def close(self) -> None:
        """Hang up, also on what is being asked."""
        self._closed = True
        self.loop.close(self.wire.close)

    async def _ask(self, ask: Ask) -> Answer:
        try:
            await self.wire.prepare()
        except ProviderError as error:
            raise Unanswered(error, 0) from None
        with counted() as tries:
            try:
                reply = await self.wire.send(ask)
                answer = read(self.wire, reply)
            except ProviderError as error:
                raise Unanswered(error, tries.lost) from None
        return Answer(
            answer.text, answer.finish, answer.reasoning, answer.usage, answer.charged, max(0, tries.lost - 1)
        )


def read(wire: Wire, reply: Object) -> Answer:
    """The answer in a reply. Raises ProviderError where there is none."""
    answer = answer_of(wire.events(reply), wire.charged(reply))
    if answer is None:
        raise wire.service.malformed("a reply that does not say how it ended")
    return answer
