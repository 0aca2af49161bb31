"""Who may begin: a few requests at a time, the others in a line in which clients take turns.

Everything happens in the event loop's thread.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from demiurgic_server.problems import Busy


class _Fate(Enum):
    WAITING = auto()
    ADMITTED = auto()
    SENT_AWAY = auto()


@dataclass(slots=True, eq=False)
class _Waiter:
    places: int
    fate: _Fate = _Fate.WAITING
    called: asyncio.Event = field(default_factory=asyncio.Event)

    def call(self, fate: _Fate) -> None:
        self.fate = fate
        self.called.set()


@dataclass(slots=True)
class Gate:
    """`places` requests go through together, and `queue` may wait for them."""

    places: int
    queue: int
    taken: int = 0
    _lines: dict[str, deque[_Waiter]] = field(default_factory=dict[str, deque[_Waiter]])
    """Those who wait, by client. The first client of the dictionary is the next whose turn it is."""

    @property
    def waiting(self) -> int:
        """Requests in the line."""
        return sum(map(len, self._lines.values()))

    @asynccontextmanager
    async def place(self, client: str, places: int = 1) -> AsyncGenerator[None]:
        """Be one of those that are let through. Raises Busy where the line is full, at once or later, when a client
        with fewer requests in it needs the room."""
        places = min(places, self.places)
        await self._enter(client, places)
        try:
            yield
        finally:
            self._leave(places)

    async def _enter(self, client: str, places: int) -> None:
        if not self._lines and self.taken + places <= self.places:
            self.taken += places
            return
        if self.waiting >= self.queue:
            self._make_room(client)
        waiter = _Waiter(places)
        self._lines.setdefault(client, deque()).append(waiter)
        try:
            await waiter.called.wait()
        except asyncio.CancelledError:
            if waiter.fate is _Fate.ADMITTED:
                self._leave(places)  # it was let in and taken away in the same moment
            elif waiter.fate is _Fate.WAITING:
                self._forget(client, waiter)
            raise
        if waiter.fate is _Fate.SENT_AWAY:
            raise Busy(self.waiting)

    def _make_room(self, client: str) -> None:
        """Send away the latest of the client that has most in the line, or raise Busy if that is this one."""
        greedy, line = max(self._lines.items(), key=lambda item: len(item[1]), default=(client, deque[_Waiter]()))
        if len(line) <= len(self._lines.get(client, ())) + 1:
            raise Busy(self.waiting)
        latest = line[-1]
        self._remove(greedy, latest)
        latest.call(_Fate.SENT_AWAY)

    def _leave(self, places: int) -> None:
        self.taken -= places
        self._admit()

    def _forget(self, client: str, waiter: _Waiter) -> None:
        self._remove(client, waiter)
        self._admit()  # somebody smaller may stand behind

    def _remove(self, client: str, waiter: _Waiter) -> None:
        self._lines[client].remove(waiter)
        if not self._lines[client]:
            del self._lines[client]

    def _admit(self) -> None:
        """Let in whom there is room for. A client that had its turn goes to the end of the line."""
        while self._lines:
            client, line = next(iter(self._lines.items()))
            waiter = line[0]
            if self.taken + waiter.places > self.places:
                return
            line.popleft()
            del self._lines[client]
            if line:
                self._lines[client] = line
            self.taken += waiter.places
            waiter.call(_Fate.ADMITTED)
