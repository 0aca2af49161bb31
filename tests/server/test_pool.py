"""The pool of models under random schedules: one model at a time, never closed under those who use it, nobody lost."""

import asyncio
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic.errors import ModelLoadError, UnknownModel
from demiurgic_server.pool import Pool
from demiurgic_server.problems import Refused
from demiurgic_server.serving import Lora


class Model:
    """As much of a model as a pool sees."""

    def __init__(self, name, shelf):
        self.name, self._shelf = name, shelf
        self.users, self.closed = 0, False

    def close(self):
        assert self.users == 0
        self.closed = True
        self._shelf.open.remove(self)


class Shelf:
    """Opens models, and knows which are open."""

    def __init__(self, broken=()):
        self.open, self.opened, self.broken = [], [], set(broken)
        self.go = threading.Event()
        self.go.set()

    def take(self, name):
        self.go.wait(10)
        self.opened.append(name)
        if name in self.broken:
            raise ModelLoadError(f"{name} is broken")
        assert self.open == []  # two would not fit into memory
        self.open.append(Model(name, self))
        return self.open[0]


VISIT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "c", None]),
        "arrives": st.integers(0, 10),
        "stays": st.integers(0, 5),
        "leaves": st.none() | st.integers(0, 30),
    }
)


async def ticks(count):
    for _ in range(count):
        await asyncio.sleep(0)


@given(st.lists(VISIT, max_size=20), st.sets(st.sampled_from("bc")))
def test_everybody_gets_the_model_they_named_and_keeps_it(visits, broken):
    shelf, served = Shelf(broken), []

    async def visit(pool, number, wishes):
        await ticks(wishes["arrives"])
        with suppress(ModelLoadError):
            async with pool.use(wishes["name"]) as model:
                assert model.name == (wishes["name"] or "a")
                model.users += 1
                try:
                    for _ in range(wishes["stays"]):
                        assert not model.closed
                        await asyncio.sleep(0)
                    served.append(number)
                finally:
                    model.users -= 1

    async def leave(task, when):
        await ticks(when)
        task.cancel()

    async def main():
        pool = Pool("abc", shelf.take)
        tasks = [asyncio.ensure_future(visit(pool, *numbered)) for numbered in enumerate(visits)]
        leaving = [
            leave(task, wishes["leaves"])
            for task, wishes in zip(tasks, visits, strict=True)
            if wishes["leaves"] is not None
        ]
        results = await asyncio.wait_for(asyncio.gather(*tasks, *leaving, return_exceptions=True), 20)
        faults = [
            one for one in results if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError)
        ]
        assert faults == []
        assert pool.waiting == 0
        async with pool.use("a"):  # it goes on after all that
            pass
        await pool.close()

    asyncio.run(main())
    assert shelf.open == []
    stayed = {
        number for number, wishes in enumerate(visits) if wishes["leaves"] is None and wishes["name"] not in broken
    }
    assert stayed <= set(served)


def test_who_wants_another_model_is_not_passed_by_newcomers():
    order = []

    async def user(pool, name, stays):
        async with pool.use(name):
            order.append(name)
            await asyncio.sleep(stays)

    async def main():
        pool = Pool("ab", Shelf().take)
        tasks = [asyncio.ensure_future(user(pool, "a", 0.2))]
        await asyncio.sleep(0.05)
        for name in "baa":
            tasks.append(asyncio.ensure_future(user(pool, name, 0.0)))
            await asyncio.sleep(0.01)
        assert pool.waiting == 3
        await asyncio.gather(*tasks)
        await pool.close()

    asyncio.run(main())
    assert order == ["a", "b", "a", "a"]


def test_who_leaves_while_a_model_is_loaded_does_not_spoil_it_for_the_next():
    shelf = Shelf()

    async def main():
        pool = Pool("a", shelf.take)
        shelf.go.clear()
        first = asyncio.ensure_future(pool.start())
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.wait({first})
        second = asyncio.ensure_future(pool.start())
        await asyncio.sleep(0.05)
        shelf.go.set()
        await second
        await pool.close()

    asyncio.run(main())
    assert shelf.opened == ["a"]


def test_a_model_that_cannot_be_loaded_is_tried_again_by_the_next():
    shelf = Shelf("b")

    async def main():
        pool = Pool("ab", shelf.take)
        await pool.start()
        with pytest.raises(ModelLoadError):
            async with pool.use("b"):
                pass
        shelf.broken.clear()
        async with pool.use("b") as model:
            assert model.name == "b"
        await pool.close()

    asyncio.run(main())
    assert shelf.opened == ["a", "b", "b"]


def test_the_end_does_not_wait_for_a_model_that_is_being_loaded():
    shelf = Shelf()

    async def main():
        pool = Pool("a", shelf.take)
        shelf.go.clear()
        first = asyncio.ensure_future(pool.start())
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.wait({first})
        await pool.close()

    try:
        asyncio.run(main())
        assert shelf.opened == []
    finally:
        shelf.go.set()


def test_who_keeps_a_model_for_long_makes_nobody_wait():
    async def main():
        pool = Pool(["a", "b"], Shelf().take)
        async with pool.use("a", long=True):
            with pytest.raises(Refused, match="an agent works with a"):
                async with pool.use("b"):
                    pass
            async with pool.use("a"):
                pass
        async with pool.use("b") as model:
            assert model.name == "b"
        await pool.close()

    asyncio.run(asyncio.wait_for(main(), 10))


def test_an_unknown_name_is_told_with_those_that_are_known(tmp_path):
    async def main():
        pool = Pool(["a", "b"], Shelf().take, [Lora("polite", tmp_path)])
        with pytest.raises(UnknownModel, match="a, b, polite"):
            async with pool.use("gpt"):
                pass
        assert [(one.name, one.adapter_of) for one in pool.listed()] == [("a", None), ("b", None), ("polite", "a")]
        with pytest.raises(UnknownModel, match="no adapters"):
            async with pool.use("polite"):
                pass
        async with pool.use("b"):  # nobody counts as a user who was refused
            pass
        await pool.close()

    asyncio.run(main())
