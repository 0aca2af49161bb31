"""All that happened in a run, kept so that any number of clients can read it from where they like.

Used in the event loop's thread.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from demiurgic_server.following import Pulse


@dataclass(frozen=True, slots=True)
class Line:
    """An event as JSON, and its number; the first has 1."""

    number: int
    text: bytes


class Story:
    """It grows until it ends."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._ended = False
        self._problem: BaseException | None = None
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self._ended

    def add(self, line: bytes) -> None:
        """Something happened."""
        self._lines.append(line)
        self._tell()

    def end(self, problem: BaseException | None = None) -> None:
        """That was all. A problem is raised to whoever reads to the end."""
        self._ended, self._problem = True, problem
        self._tell()

    async def read(self, after: int, pulse: float) -> AsyncGenerator[Line | Pulse]:
        """What comes behind a number, to the end. A pulse where nothing happens for so many seconds."""
        while True:
            while after < len(self._lines):
                after += 1
                yield Line(after, self._lines[after - 1])
            if self._ended:
                break
            try:
                async with asyncio.timeout(pulse):
                    await self._news.wait()
            except TimeoutError:
                yield Pulse()
        if self._problem is not None:
            raise self._problem

    async def wait(self) -> None:
        """Until it has ended."""
        while not self._ended:
            await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
