"""A reply of a remote model while it streams in, to be followed on one thread and cancelled from any.

It has started when it is made. Leaving the iteration early cancels it, so that nothing is paid for that nobody reads.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from queue import SimpleQueue

from demiurgic.chat.background import BackgroundLoop
from demiurgic.chat.remote_turn import Turn
from demiurgic.events import ChatEvent, Finish, ReplyEnded


class RemoteReply:
    """A reply that streams in on a background loop."""

    def __init__(self, loop: BackgroundLoop, turn: Turn) -> None:
        self._turn = turn
        self._queue: SimpleQueue[ChatEvent | BaseException] = SimpleQueue()
        self._events = self._follow()
        self._job = loop.start(partial(turn.run, self._queue.put), self._ended)

    def __iter__(self) -> Iterator[ChatEvent]:
        return self._events

    def cancel(self) -> None:
        """Close the connection. What came is kept in `ReplyEnded`."""
        self._job.cancel()

    def _follow(self) -> Iterator[ChatEvent]:
        try:
            while True:
                event = self._queue.get()
                if isinstance(event, BaseException):
                    raise event
                yield event
                if isinstance(event, ReplyEnded):
                    return
        finally:
            self._job.cancel()

    def _ended(self, task: asyncio.Task[ReplyEnded]) -> None:
        if task.cancelled():
            self._queue.put(self._turn.ended(Finish.CANCELLED))
        else:
            self._queue.put(task.exception() or task.result())
