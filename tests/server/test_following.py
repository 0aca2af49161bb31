"""Replies followed from threads: their order, their errors, and that they always end when nobody follows any more."""

import asyncio
import threading
import time

import pytest

from demiurgic_server.following import Patience, Pulse, Told, all_or_none, following
from demiurgic_server.problems import Stopping, TooSlow


class Slow:
    """Tells numbers, and can be made to wait between them. It ends when it is cancelled, after a moment."""

    def __init__(self, count, pause=0.0, error=None, farewell=0.0):
        self._count, self._pause, self._error, self._farewell = count, pause, error, farewell
        self._cancelled = threading.Event()
        self.ended = threading.Event()

    def __iter__(self):
        try:
            for number in range(self._count):
                if self._cancelled.wait(self._pause):
                    time.sleep(self._farewell)
                    return
                yield number
            if self._error is not None:
                raise self._error
        finally:
            self.ended.set()

    def cancel(self):
        self._cancelled.set()


def patience(pulse=5.0, seconds=5.0):
    return Patience(pulse, time.monotonic() + seconds, asyncio.Event())


def test_all_of_all_sources_is_told_in_the_order_of_each():
    async def main():
        async with following([Slow(50), Slow(30), Slow(0)], patience()) as events:
            return [event async for event in events]

    told = asyncio.run(main())
    assert [one.event for one in told if one.index == 0] == list(range(50))
    assert [one.event for one in told if one.index == 1] == list(range(30))
    assert len(told) == 80


def test_an_error_of_one_ends_all_and_is_raised():
    other = Slow(1000, 0.05)

    async def main():
        async with following([Slow(2, error=ValueError("broken")), other], patience()) as events:
            async for _ in events:
                pass

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(main())
    assert other.ended.is_set()


def test_silence_is_told_as_pulses():
    async def main():
        async with following([Slow(1, 0.3)], patience(pulse=0.05)) as events:
            return [event async for event in events]

    told = asyncio.run(main())
    assert told[-1] == Told(0, 0)
    assert len([one for one in told if one == Pulse()]) >= 3


@pytest.mark.parametrize("pause", [30.0, 0.0])
def test_the_time_limit_holds_for_the_silent_and_for_those_who_never_stop(pause):
    source = Slow(10**9, pause)

    async def main():
        async with following([source], patience(seconds=0.2)) as events:
            async for _ in events:
                await asyncio.sleep(0)

    began = time.monotonic()
    with pytest.raises(TooSlow):
        asyncio.run(main())
    assert time.monotonic() - began < 2
    assert source.ended.is_set()


def test_stopping_ends_it():
    source = Slow(1, 30.0)

    async def main():
        waits = patience()
        asyncio.get_running_loop().call_later(0.1, waits.stopping.set)
        async with following([source], waits) as events:
            async for _ in events:
                pass

    with pytest.raises(Stopping):
        asyncio.run(main())
    assert source.ended.is_set()


@pytest.mark.parametrize("how", ["nobody iterates", "in the middle", "cancelled", "an error outside"])
def test_it_is_left_only_when_the_sources_have_ended(how):
    sources = [Slow(200, 0.02, farewell=0.1) for _ in range(3)]
    began = time.monotonic()

    async def follow():
        async with following(sources, patience()) as events:
            if how == "nobody iterates":
                return
            async for _ in events:
                if how == "in the middle":
                    return
                if how == "an error outside":
                    raise ValueError(how)

    async def main():
        task = asyncio.ensure_future(follow())
        if how == "cancelled":
            await asyncio.sleep(0.1)
            task.cancel()
        await asyncio.wait({task})
        assert all(source.ended.is_set() for source in sources)
        assert task.cancelled() == (how == "cancelled")
        assert time.monotonic() - began < 2  # they were told to end, and did not come to it by themselves
        assert how != "an error outside" or isinstance(task.exception(), ValueError)

    asyncio.run(main())


def test_all_begin_or_none():
    begun = []

    def beginning():
        for _ in range(2):
            begun.append(Slow(100, pause=0.01))
            yield begun[-1]
        raise ValueError("the third cannot")

    with pytest.raises(ValueError, match="the third"):
        all_or_none(beginning())
    assert [list(source) for source in begun] == [[], []]  # both were told to end
    assert all_or_none(begun) == begun
