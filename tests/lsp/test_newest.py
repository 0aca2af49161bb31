"""Which question the model works on, and what it does while nobody asks. The model is a script that is waited for."""

import asyncio
import threading

import pytest

from demiurgic.engine.protocol import Done, EndReason, Piece
from demiurgic_lsp.completion.filling import Filling
from demiurgic_lsp.completion.hole import hole_at
from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.completion.newest import Newest
from demiurgic_lsp.wishes import Wishes


def hole(text, path="a.py"):
    return hole_at(path, text.replace("█", ""), text.index("█"))


class Writing:
    """Writes its text when it is let."""

    def __init__(self, text):
        self.text, self.may, self.cancelled = text, threading.Event(), threading.Event()

    def __iter__(self):
        assert self.may.wait(10)
        if not self.cancelled.is_set():
            yield Piece(self.text, (1,) * len(self.text))
        yield Done(EndReason.END_TOKEN, 1, 0, 1)

    def cancel(self):
        self.cancelled.set()
        self.may.set()


class Begun(Writing):
    """Has written a part of it when it waits."""

    def __iter__(self):
        yield Piece(self.text[:2], (1, 1))
        assert self.may.wait(10)
        yield Piece(self.text[2:], (1,))
        yield Done(EndReason.END_TOKEN, 1, 0, 1)


class Script:
    """Satisfies `Filler`."""

    def __init__(self, answers=None, held=False, kind=Writing):
        self.answers, self.held, self.kind = answers or {}, held, kind
        self.begun = []

    def begin(self, hole, longest, nearby=()):
        writing = self.kind(self.answers.get(hole.left, ""))
        if not self.held:
            writing.may.set()
        self.begun.append((hole.left, longest, nearby, writing))
        return Filling(hole, writing, lambda text: text)

    def lefts(self):
        return [left for left, *_ in self.begun]


async def until(true):
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


def asked(filler, wishes=None, nearby=None):
    wished = wishes or Wishes(ahead=False, neighbours=False)
    return Newest(filler, lambda: wished, nearby or Neighbourhood())


def test_an_older_question_is_cancelled_at_once_and_its_work_ends():
    async def main():
        script = Script({"ab": "c"}, held=True)
        works = asked(script)
        older = asyncio.ensure_future(works.fill(hole("a█", "other.py")))
        await until(lambda: script.begun)
        newer = asyncio.ensure_future(works.fill(hole("ab█")))
        with pytest.raises(asyncio.CancelledError):
            await older
        await until(lambda: len(script.begun) == 2)
        assert script.begun[0][-1].cancelled.is_set()
        script.begun[1][-1].may.set()
        assert await newer == "c"

    asyncio.run(main())


def test_what_is_read_for_one_key_is_read_on_for_the_next():
    async def main():
        script = Script({"a": "x", "abc": "d"}, held=True)
        works = asked(script)
        keys = []
        for count, text in enumerate(("a", "ab", "abc"), 1):
            keys.append(asyncio.ensure_future(works.fill(hole(f"above\n{text}█"))))
            await until(lambda count=count: len(script.begun) == count)
        for older in keys[:2]:
            with pytest.raises(asyncio.CancelledError):
                await older
        first, second, third = (writing for *_, writing in script.begun)
        assert not first.cancelled.is_set()
        await until(second.cancelled.is_set)
        first.may.set()
        await until(first.cancelled.is_set)  # as soon as it would write
        third.may.set()
        assert await keys[2] == "d"
        assert works.memory.recall(hole("above\na█")) is None

    asyncio.run(main())


def test_a_key_that_the_model_has_just_written_lets_it_write_on():
    async def main():
        script = Script({"x = ": "foo(1)", "x = fb": "ar"}, held=True, kind=Begun)
        works = asked(script)
        first = asyncio.ensure_future(works.fill(hole("x = █")))
        await until(lambda: script.begun and works._asked.filling is not None and works._asked.filling.fits("fo"))
        second = asyncio.ensure_future(works.fill(hole("x = f█")))
        with pytest.raises(asyncio.CancelledError):
            await first
        script.begun[0][-1].may.set()
        assert await second == "oo(1)"
        assert len(script.begun) == 1
        other = asyncio.ensure_future(works.fill(hole("x = fb█")))
        await until(lambda: len(script.begun) == 2)
        script.begun[1][-1].may.set()
        assert await other == "ar"

    asyncio.run(main())


def test_whoever_stops_to_wait_stops_the_model():
    async def main():
        script = Script(held=True)
        works = asked(script)
        only = asyncio.ensure_future(works.fill(hole("a█")))
        await until(lambda: script.begun)
        only.cancel()
        await until(script.begun[0][-1].cancelled.is_set)

    asyncio.run(main())


def test_the_next_text_is_worked_out_while_the_present_one_is_read():
    async def main():
        script = Script({"x = ": "1", "x = 1": " + 2"})
        works = asked(script, Wishes(neighbours=False))
        assert await works.fill(hole("x = █")) == "1"
        await until(lambda: works.memory.recall(hole("x = 1█")) is not None)
        assert script.lefts() == ["x = ", "x = 1"]
        assert await works.fill(hole("x = 1█")) == " + 2"
        assert script.lefts()[:2] == ["x = ", "x = 1"]

    asyncio.run(main())


def test_who_takes_a_text_gets_what_is_being_worked_out_ahead():
    async def main():
        script = Script({"x = ": "12", "x = 12": "3"}, held=True)
        works = asked(script, Wishes(neighbours=False))
        first = asyncio.ensure_future(works.fill(hole("x = █")))
        await until(lambda: script.begun)
        script.begun[0][-1].may.set()
        assert await first == "12"
        await until(lambda: len(script.begun) == 2)
        assert await works.fill(hole("x = 1█")) == "2"  # typed through: what is ahead goes on
        taken = asyncio.ensure_future(works.fill(hole("x = 12█")))
        await asyncio.sleep(0.05)
        script.begun[1][-1].may.set()
        assert await taken == "3"
        assert script.lefts()[:2] == ["x = ", "x = 12"]
        works.drop()

    asyncio.run(main())


def test_who_types_something_else_ends_what_is_ahead():
    async def main():
        script = Script({"x = ": "1", "x = 9": "0"}, held=True)
        works = asked(script, Wishes(neighbours=False))
        first = asyncio.ensure_future(works.fill(hole("x = █")))
        await until(lambda: script.begun)
        script.begun[0][-1].may.set()
        await first
        await until(lambda: len(script.begun) == 2)
        other = asyncio.ensure_future(works.fill(hole("x = 9█")))
        await until(lambda: len(script.begun) == 3)
        assert script.begun[1][-1].cancelled.is_set()
        script.begun[2][-1].may.set()
        assert await other == "0"
        works.drop()

    asyncio.run(main())


def test_rest_after_a_key_is_kept_where_it_is_wished_for():
    async def main():
        script = Script({"abc": "d"})
        works = asked(script, Wishes(ahead=False, neighbours=False, debounce=100))
        older = [asyncio.ensure_future(works.fill(hole(f"{text}█"))) for text in ("a", "ab")]
        await asyncio.sleep(0)
        assert await works.fill(hole("abc█")) == "d"
        assert script.lefts() == ["abc"]
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*older, return_exceptions=True)
        )

    asyncio.run(main())


def test_other_files_are_shown_once_the_model_has_read_them():
    async def main():
        files = Neighbourhood()
        files.saw("b.py", "def other():\n    pass\n", 0)
        script = Script({"x = ": "1", "y = ": "2"})
        works = asked(script, Wishes(ahead=False), files)
        assert await works.fill(hole("x = █")) == "1"
        assert script.begun[0][2] == ()
        await until(lambda: files.shown)
        left, longest, shown, _ = script.begun[1]
        assert (left, longest, [part.path for part in shown]) == ("x = ", 1, ["b.py"])
        assert await works.fill(hole("y = █")) == "2"
        assert script.begun[2][2] == shown
        works.drop()

    asyncio.run(main())


def test_a_question_ends_the_reading_of_other_files():
    async def main():
        files = Neighbourhood()
        files.saw("b.py", "def other():\n    pass\n", 0)
        script = Script({"x = ": "1"})
        works = asked(script, Wishes(ahead=False), files)
        await works.fill(hole("x = █"))
        script.held = True
        await until(lambda: len(script.begun) == 2)
        script.held = False
        await works.fill(hole("x = 2█"))
        await until(script.begun[1][-1].cancelled.is_set)
        assert files.shown == ()
        works.drop()

    asyncio.run(main())
