"""The newest question is answered, older ones are not: whoever types on wants to know of the new place alone.

While nobody asks, the model works ahead: on the place behind what it has shown, and on what it is to be shown of other
files. Both give way to a question at once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TypeVar

from demiurgic.errors import DemiurgicError
from demiurgic.messages import Json
from demiurgic.threads import begun
from demiurgic_lsp.completion.filling import Filled, Filler, Filling
from demiurgic_lsp.completion.hole import Hole, accepted, typed_since
from demiurgic_lsp.completion.memory import Memory
from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.wishes import Wishes

Thing = TypeVar("Thing")

_REST = 1.0
"""Seconds without a question after which the model may read other files."""
_ONE = 1
"""A token is written where only reading counts."""
_GRACE = 0.25
"""Seconds for which a question that the editor has cancelled goes on: most are cancelled by the next key, which wants
the same to be read."""


@dataclass(slots=True)
class _Work:
    """A hole that the model works on."""

    hole: Hole
    task: "asyncio.Task[str] | None" = None
    filling: Filling | None = None
    left: bool = False
    """Whether it goes on only until all is read."""

    def end(self) -> None:
        """It ends in the model."""
        if self.task is not None:
            self.task.cancel()

    def says(self, hole: Hole) -> bool:
        """Whether what the model has written so far is what was typed since."""
        if self.filling is None or hole.path != self.hole.path or hole.behind != self.hole.behind:
            return False
        typed = typed_since(self.hole.before, hole.before)
        return bool(typed) and self.filling.fits(typed)

    @property
    def reads(self) -> bool:
        """Whether the model reads for it now."""
        return self.filling is not None and self.filling.reads and self.task is not None and not self.task.done()

    def read_on(self) -> None:
        """Nobody waits for it any more, but what it reads is of use for the next."""
        self.left = True
        if self.filling is not None:
            self.filling.leave()


@dataclass(slots=True)
class Newest:
    """Answers from memory, or has the model work on one hole at a time. One event loop.

    A key must not undo what was done for the one before. As long as the model reads what the new question wants to be
    read as well, the older one goes on in silence, and ends when it would begin to write. And where the key is what the
    model has just written, it writes on, and both questions have one answer.
    """

    filler: Filler
    wishes: Callable[[], Wishes]
    nearby: Neighbourhood = field(default_factory=Neighbourhood)
    memory: Memory = field(default_factory=Memory)
    told: Callable[[Filled], None] = lambda _: None
    """Told of whatever the model has written."""
    _waiting: "asyncio.Future[None] | None" = None
    """Done when whoever waits now shall wait no more."""
    _asked: _Work | None = None
    _reader: _Work | None = None
    _ahead: _Work | None = None
    _resting: "asyncio.Task[None] | None" = None

    async def fill(self, hole: Hole) -> str:
        """What is missing there. Cancelled as soon as the next one is asked for."""
        self._wait_no_more()
        if self._resting is not None:
            self._resting.cancel()
        known = self.memory.recall(hole)
        if known is not None:
            self._take(None, hole)
        else:
            known = await self._answer(hole)
        self._work_ahead(hole, known)
        return known

    def drop(self) -> None:
        """End all that goes on."""
        self._wait_no_more()
        for work in (self._asked, self._reader, self._ahead):
            if work is not None:
                work.end()
        self._asked = self._reader = self._ahead = None
        if self._resting is not None:
            self._resting.cancel()

    async def _answer(self, hole: Hole) -> str:
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        work = self._fitting(hole)
        while True:
            assert work.task is not None
            try:
                await asyncio.wait({work.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                asyncio.get_running_loop().call_later(_GRACE, self._end_unless_wanted, work, waiting)
                raise
            if waiting.done():
                raise asyncio.CancelledError
            self._asked = None
            if work.hole == hole:
                return await work.task
            if (known := self.memory.recall(hole)) is not None:
                return known
            work = self._fitting(hole)  # it went on otherwise than its user

    def _fitting(self, hole: Hole) -> _Work:
        """What will answer this: what is worked out ahead, what is being written if it goes that way, or a new one."""
        asked, ahead = self._asked, self._ahead
        if asked is not None and asked.says(hole):
            return asked
        if ahead is not None and ahead.hole == hole:
            self._ahead = None
            self._take(ahead, hole)
            return ahead
        self._look_at(None)
        work = self._begun(hole, self.wishes().debounce / 1000)
        self._take(work, hole)
        return work

    def _wait_no_more(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _take(self, work: _Work | None, hole: Hole) -> None:
        """This is asked for now, and nothing else."""
        if self._asked is not None and self._asked is not work:
            self._leave(self._asked, hole)
        self._asked = work

    def _leave(self, work: _Work, hole: Hole) -> None:
        """A newer question has come. One older one at most reads on for it."""
        reading = self._reader is not None and self._reader.reads
        if self._reader is not None and reading and not _alike(self._reader.hole, hole):
            self._reader.end()
            reading = False
        if not reading and work.reads and _alike(work.hole, hole):
            self._reader = work
            work.read_on()
        else:
            work.end()

    def _end_unless_wanted(self, work: _Work, waiting: "asyncio.Future[None]") -> None:
        """The editor has cancelled a question, and no other has come since."""
        if self._waiting is waiting and not work.left:
            work.end()
            self._asked = None if self._asked is work else self._asked

    def _look_at(self, work: _Work | None) -> None:
        """This is worked out ahead, and nothing else."""
        if self._ahead is not None:
            self._ahead.end()
        self._ahead = work

    def _work_ahead(self, hole: Hole, text: str) -> None:
        """Begin with the place behind a text that is shown now, and then with what other files say."""
        wishes = self.wishes()
        following = accepted(hole, text)
        under_way = self._ahead is not None and self._ahead.hole == following
        if wishes.ahead and text and not under_way and self.memory.recall(following) is None:
            self._look_at(self._begun(following, 0.0))
        if wishes.neighbours:
            self._resting = _begin(self._read_others(hole))

    def _begun(self, hole: Hole, rest: float) -> _Work:
        work = _Work(hole)
        work.task = _begin(self._written(work, rest))
        return work

    async def _written(self, work: _Work, rest: float) -> str:
        await asyncio.sleep(rest)
        longest, nearby = self.wishes().longest, self.nearby.shown
        work.filling = await begun(lambda: self.filler.begin(work.hole, longest, nearby), Filling.cancel)
        filled = await _followed(work.filling)
        if not work.left:
            self.told(filled)
            self.memory.note(work.hole, filled.text)
        return filled.text

    async def _read_others(self, hole: Hole) -> None:
        """Have the model read what it is to be shown from here on."""
        await asyncio.sleep(_REST)
        if self._ahead is not None and self._ahead.task is not None:
            await asyncio.wait({self._ahead.task})
        wanted = self.nearby.wanted(hole.path, hole.above)
        if wanted == self.nearby.shown:
            return
        try:
            await _followed(await begun(lambda: self.filler.begin(hole, _ONE, wanted), Filling.cancel))
        except DemiurgicError:
            return  # it is not shown then; who asks for text is told what is wrong
        self.nearby.shown = wanted


def _alike(older: Hole, newer: Hole) -> bool:
    """Whether most of what must be read for the one is read for the other."""
    return older.path == newer.path and (newer.above.startswith(older.above) or older.above.startswith(newer.above))


def _begin(work: Coroutine[Json, Json, Thing]) -> "asyncio.Task[Thing]":
    """A task whose failure is no news where nobody waits for it."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return task


async def _followed(filling: Filling) -> Filled:
    try:
        return await asyncio.to_thread(filling.follow)
    except asyncio.CancelledError:
        filling.cancel()
        raise
