"""Work of a thread that somebody awaits in an event loop."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

Thing = TypeVar("Thing")


async def begun(begin: Callable[[], Thing], undo: Callable[[Thing], None]) -> Thing:
    """What `begin` comes to in a thread. Once nobody waits for that any more, it is undone as soon as it is there."""
    beginning = asyncio.ensure_future(asyncio.to_thread(begin))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        beginning.add_done_callback(partial(_undo, undo))
        raise


def _undo(undo: Callable[[Thing], None], beginning: "asyncio.Future[Thing]") -> None:
    if not beginning.cancelled() and beginning.exception() is None:
        undo(beginning.result())
