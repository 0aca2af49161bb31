"""The studio's models: named as they are wanted, two of them side by side, and put away when their user says so.

Each has a `Pool` of its own with nothing else in it. Satisfies `Models`. Used in the event loop's thread.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from demiurgic.chat.protocol import ChatModel
from demiurgic_server.pool import Listed, Opened, Pool
from demiurgic_server.problems import BadField, Refused

_ROOM = 2
"""Models that are held at once: one, and what it is compared with."""


class Shelf:
    """Holds what was used last. Who wants another one takes the place of the one that nobody has used for longest."""

    def __init__(self, known: Callable[[], Sequence[str]], check: Callable[[str], None], open_model: Opened) -> None:
        """`known` names what to offer; `check` raises where a model may not be opened."""
        self._known, self._check, self._open = known, check, open_model
        self._places: dict[str, Pool] = {}
        self._turn = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Requests that wait for a model."""
        return sum(place.waiting for place in self._places.values())

    def held(self) -> dict[str, str]:
        """The models that take memory, and what they do: `loading`, `working` or `ready`."""
        return {name: _state(place) for name, place in self._places.items()}

    def listed(self) -> list[Listed]:
        """All that are offered. Others may be named as well."""
        return [Listed(name) for name in dict.fromkeys((*self._known(), *self._places))]

    async def start(self) -> None:
        """Nothing is loaded before it is wanted."""

    @asynccontextmanager
    async def use(self, name: str | None = None, *, long: bool = False) -> AsyncGenerator[ChatModel]:
        """A model, loaded if it is not. Raises what prevents that, or Refused where there is no room for it."""
        if not name:
            raise BadField("model", "model: choose one first")
        self._check(name)
        async with self._turn:
            place = await self._placed(name)
        try:
            async with place.use(name, long=long) as model:
                yield model
        finally:
            if place.loaded is None and not place.busy and self._places.get(name) is place:
                del self._places[name]  # it could not be opened

    async def unload(self, name: str) -> None:
        """Free a model's memory. Raises Refused while somebody uses it."""
        async with self._turn:
            place = self._places.get(name)
            if place is None:
                return
            if place.busy:
                raise Refused(409, f"{name} is at work", "stop its answer first")
            await self._put_away(name)

    async def close(self) -> None:
        """Free all of them."""
        for name in list(self._places):
            await self._put_away(name)

    async def _placed(self, name: str) -> Pool:
        if name in self._places:
            self._places[name] = self._places.pop(name)  # used last
            return self._places[name]
        while len(self._places) >= _ROOM:
            idle = next((each for each, place in self._places.items() if not place.busy), None)
            if idle is None:
                raise Refused(409, f"{' and '.join(self._places)} are at work", "wait for one of them, or stop it")
            await self._put_away(idle)
        place = self._places[name] = Pool((name,), self._open)
        return place

    async def _put_away(self, name: str) -> None:
        await self._places.pop(name).close()


def _state(place: Pool) -> str:
    if place.loaded is None:
        return "loading"
    return "working" if place.busy else "ready"
