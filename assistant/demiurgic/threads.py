"""Waiting that can be interrupted: for the work of a thread, and for work that somebody may want to end."""

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

Thing = TypeVar("Thing")
_GLANCE = 0.1


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


@contextmanager
def ended_by(wish: threading.Event, end: Callable[[], None]) -> Generator[None]:
    """Whatever is waited for within, `end` is called soon after the wish is there, by a thread of its own."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if wish.wait(_GLANCE):
                end()
                return

    watching = threading.Thread(target=watch, name="waiting for an end", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
