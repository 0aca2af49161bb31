"""The gate as a whole: random crowds come, wait, leave and are sent away, and no place is ever lost or given twice."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic_server.gate import Gate
from demiurgic_server.problems import Busy

VISIT = st.fixed_dictionaries(
    {
        "client": st.sampled_from("abc"),
        "places": st.integers(1, 5),
        "arrives": st.integers(0, 12),
        "stays": st.integers(0, 6),
        "leaves": st.none() | st.integers(0, 12),  # it loses patience then, wherever it is
    }
)


async def ticks(count):
    for _ in range(count):
        await asyncio.sleep(0)


@given(st.lists(VISIT, max_size=30), st.integers(1, 4), st.integers(0, 6))
def test_places_are_neither_lost_nor_given_twice(visits, places, queue):
    gate, inside, served = Gate(places, queue), [], []

    async def visit(number, wishes):
        await ticks(wishes["arrives"])
        wanted = min(wishes["places"], places)
        with suppress(Busy):
            async with gate.place(wishes["client"], wishes["places"]):
                inside.append(wanted)
                assert sum(inside) <= gate.taken <= places  # who was called in and has not come yet has a place too
                assert gate.waiting <= queue
                try:
                    await ticks(wishes["stays"])
                    served.append(number)
                finally:
                    inside.remove(wanted)

    async def leave(task, when):
        await ticks(when)
        task.cancel()

    async def main():
        tasks = [asyncio.ensure_future(visit(*numbered)) for numbered in enumerate(visits)]
        leaving = [
            leave(task, wishes["leaves"])
            for task, wishes in zip(tasks, visits, strict=True)
            if wishes["leaves"] is not None
        ]
        results = await asyncio.wait_for(asyncio.gather(*tasks, *leaving, return_exceptions=True), 10)
        faults = [
            one for one in results if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError)
        ]
        assert faults == []

    asyncio.run(main())
    assert gate.taken == gate.waiting == 0
    if queue >= len(visits):
        assert served == [number for number in served if number < len(visits)]
        assert set(served) >= {number for number, wishes in enumerate(visits) if wishes["leaves"] is None}


class Crowd:
    """Clients that stand in line, in the order in which they are let in."""

    def __init__(self, gate):
        self.gate, self.order, self.away = gate, [], []
        self.tasks = []

    async def come(self, name, count=1, places=1):
        for number in range(count):
            self.tasks.append(asyncio.ensure_future(self._stay(name, number, places)))
            await ticks(2)

    async def _stay(self, name, number, places):
        try:
            async with self.gate.place(name, places):
                self.order.append(f"{name}{number}")
                await ticks(5)
        except Busy:
            self.away.append(f"{name}{number}")

    async def all_gone(self):
        await asyncio.wait_for(asyncio.gather(*self.tasks), 5)


def test_clients_take_turns_whoever_came_first():
    async def main():
        gate = Gate(1, 50)
        crowd = Crowd(gate)
        async with gate.place("host"):
            await crowd.come("greedy", 6)
            await crowd.come("modest", 2)
        await crowd.all_gone()
        return crowd.order

    order = asyncio.run(main())
    assert order[:4] == ["greedy0", "modest0", "greedy1", "modest1"]
    assert order[4:] == ["greedy2", "greedy3", "greedy4", "greedy5"]


def test_who_needs_many_places_is_not_passed_for_ever_by_those_who_need_one():
    async def main():
        gate = Gate(3, 50)
        crowd = Crowd(gate)
        async with gate.place("host"):
            await crowd.come("large", 1, places=3)
            await crowd.come("small", 5)
        await crowd.all_gone()
        return crowd.order

    assert asyncio.run(main())[0] == "large0"


def test_more_places_than_there_are_means_all_of_them():
    async def main():
        gate = Gate(2, 0)
        async with gate.place("a", 100):
            assert gate.taken == 2
        assert gate.taken == 0

    asyncio.run(main())


def test_a_full_line_sends_away_and_says_when_to_come_again():
    async def main():
        gate = Gate(1, 4)
        crowd = Crowd(gate)
        async with gate.place("a"):
            await crowd.come("a", 4)
            with pytest.raises(Busy) as caught:
                async with gate.place("a"):
                    pass
        await crowd.all_gone()
        return caught.value.retry_after, crowd

    retry_after, crowd = asyncio.run(main())
    assert retry_after >= 1
    assert crowd.away == []


def test_one_client_cannot_fill_the_line_against_the_others():
    async def main():
        gate = Gate(1, 4)
        crowd = Crowd(gate)
        async with gate.place("host"):
            await crowd.come("greedy", 4)
            await crowd.come("modest", 2)
            assert gate.waiting == 4
            assert crowd.away == ["greedy3", "greedy2"]  # the latest first
            await crowd.come("greedy", 1)
            await crowd.come("modest", 1)
            assert crowd.away[2:] == ["greedy0", "modest0"]  # both have their share
        await crowd.all_gone()
        return crowd.order

    assert asyncio.run(main()) == ["greedy0", "modest0", "greedy1", "modest1"]


def test_who_is_let_in_and_leaves_in_the_same_moment_keeps_no_place():
    async def main():
        gate = Gate(1, 4)
        crowd = Crowd(gate)
        async with gate.place("host"):
            await crowd.come("a", 2)
        crowd.tasks[0].cancel()  # it was let in just now, and does not know it yet
        with pytest.raises(asyncio.CancelledError):
            await crowd.tasks[0]
        await crowd.tasks[1]
        assert crowd.order == ["a1"]
        assert gate.taken == 0

    asyncio.run(main())


def test_who_is_about_to_leave_may_be_let_in_without_harm():
    async def main():
        gate = Gate(1, 4)
        crowd = Crowd(gate)
        async with gate.place("host"):
            await crowd.come("a", 2)
            crowd.tasks[0].cancel()  # it hears of that only after the place became free
        with pytest.raises(asyncio.CancelledError):
            await crowd.tasks[0]
        await crowd.tasks[1]
        assert gate.taken == gate.waiting == 0

    asyncio.run(main())
