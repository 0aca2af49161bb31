"""The newest question is answered, older ones are not: whoever types on wants to know of the new place alone."""

import asyncio
from dataclasses import dataclass, field

from demiurgic_lsp.completion.filling import Filler, Filling
from demiurgic_lsp.completion.hole import Hole
from demiurgic_lsp.completion.memory import Memory


class Superseded(Exception):
    """A newer question came."""


@dataclass(slots=True)
class Newest:
    """Answers from memory, or has the model work on one hole at a time. One event loop."""

    filler: Filler
    memory: Memory = field(default_factory=Memory)
    _number: int = 0
    _filling: Filling | None = None

    async def fill(self, hole: Hole) -> str:
        """What is missing there. Raises Superseded as soon as the next one is asked for."""
        self._number += 1
        number = self._number
        if self._filling is not None:
            self._filling.cancel()
        if (known := self.memory.recall(hole)) is not None:
            return known
        text = await self._written(hole, number)
        self.memory.note(hole, text)
        return text

    async def _written(self, hole: Hole, number: int) -> str:
        beginning = asyncio.ensure_future(asyncio.to_thread(self.filler.begin, hole))
        try:
            filling = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(_cancel_begun)
            raise
        self._unless_superseded(number, filling)
        self._filling = filling
        try:
            text = await asyncio.to_thread(filling.follow)
        except asyncio.CancelledError:
            filling.cancel()
            raise
        self._unless_superseded(number, filling)
        self._filling = None
        return text

    def _unless_superseded(self, number: int, filling: Filling) -> None:
        if number != self._number:
            filling.cancel()
            raise Superseded


def _cancel_begun(begun: "asyncio.Future[Filling]") -> None:
    if not begun.cancelled() and begun.exception() is None:
        begun.result().cancel()
