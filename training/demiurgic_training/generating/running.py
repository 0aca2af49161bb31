"""Many examples at once, by threads that ask, or in batches. What is paid is in the ledger before it counts here."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from demiurgic.errors import DemiurgicError, ProviderError, UserError
from demiurgic.evaluation.writing import Stopped
from demiurgic_training.generating.example import Maker
from demiurgic_training.generating.values import Dropped, Made, Making, Outcome
from demiurgic_training.teachers.batches.protocol import NotDone
from demiurgic_training.teachers.batches.together import Batches
from demiurgic_training.teachers.crowd import Trouble
from demiurgic_training.teachers.desk import Desk, Wanted
from demiurgic_training.teachers.ledger import Paid
from demiurgic_training.teachers.protocol import Unanswered

UNANSWERED = "unanswered"


@dataclass(slots=True)
class Standing:
    """How a run stands."""

    wanted: int
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter[str])
    started: float = field(default_factory=time.monotonic)
    known: int = 0
    """Examples that needed no question any more."""
    problem: str = ""
    """What the latest question without an answer met."""

    @property
    def done(self) -> int:
        return self.kept + sum(self.dropped.values())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Examples made a minute."""
        return 60 * (self.done - self.known) / max(self.seconds, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        return 60 * (self.wanted - self.done) / self.rate if self.rate else None


class Run:
    """One run: `count` examples. Ends early where money, a key or the teachers fail; then `stopped_by` says why."""

    def __init__(self, maker: Maker, count: int, desk: Desk, changed: Callable[[Standing], None]) -> None:
        self._maker, self._count, self._desk, self._changed = maker, count, desk, changed
        self._lock = threading.Lock()
        self._trouble = Trouble()
        self._numbers = iter(range(count))
        self.stopped_by: DemiurgicError | None = None
        self.outcomes: dict[int, Outcome] = {}
        self.standing = Standing(count)

    def by_threads(self) -> None:
        """Ask as many questions at once as the desk has places."""
        with self._asking() as executor:
            workers = [executor.submit(self._work) for _ in range(min(self._desk.threads, self._count))]
            for worker in workers:
                worker.result()

    def by_batches(self, batches: Mapping[str, Batches], report: Callable[[int, int], None]) -> None:
        """Ask the teachers that have batches in batches, the others by threads in between."""
        with self._asking() as executor:
            waiting = [each for each in executor.map(partial(self._begun, batches), self._numbers) if each]
            while waiting and self.stopped_by is None:
                go_on = partial(self._resumed, self._together(batches, waiting, report), batches)
                waiting = [each for each in executor.map(go_on, waiting) if each]

    @contextmanager
    def _asking(self) -> Generator[Executor]:
        """The desk's threads, which take up nothing new once the run was left early."""
        with self._desk.asking() as executor:
            try:
                yield executor
            except BaseException:
                self._stop(UserError("interrupted"))
                raise

    def _work(self) -> None:
        while (number := self._next()) is not None:
            self._begun({}, number)

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None) if self.stopped_by is None else None

    def _begun(self, batches: Mapping[str, Batches], number: int) -> "_Waiting | None":
        making = self._maker.example(number)
        return self._advance(number, making, lambda: next(making), batches)

    def _resumed(
        self, answers: Mapping[str, Paid | NotDone], batches: Mapping[str, Batches], each: "_Waiting"
    ) -> "_Waiting | None":
        answer = answers.get(each.wanted.key)
        if isinstance(answer, Paid):
            return self._advance(each.number, each.making, lambda: each.making.send(answer), batches)
        if answer is None:
            return None
        lost = Unanswered(ProviderError(answer.why), 0)
        return self._advance(each.number, each.making, lambda: each.making.throw(lost), batches)

    def _advance(
        self, number: int, making: Making, step: Callable[[], Wanted], batches: Mapping[str, Batches]
    ) -> "_Waiting | None":
        """Go on with an example until it is made, or until a question of it must go into a batch."""
        if self.stopped_by is not None:
            return None
        asked = False
        try:
            wanted = step()
            while wanted.teacher not in batches or wanted.key in self._desk.ledger.paid:
                asked = asked or wanted.key not in self._desk.ledger.paid
                wanted = self._answered(making, wanted)
        except StopIteration as end:
            self._count_in(number, end.value, known=not asked)
        except Unanswered as error:
            if self._trouble.is_hopeless(error):
                self._stop(error)
            self._count_in(number, Dropped(UNANSWERED), problem=str(error))
        except Stopped:
            pass
        except UserError as error:
            self._count_in(number, Dropped("refused"), problem=str(error))
        except DemiurgicError as error:
            self._stop(error)
        else:
            return _Waiting(number, making, wanted)
        return None

    def _answered(self, making: Making, wanted: Wanted) -> Wanted:
        try:
            paid = self._desk.answer(wanted)
        except (Unanswered, UserError) as error:
            return making.throw(error)
        self._trouble.over()
        return making.send(paid)

    def _count_in(self, number: int, outcome: Outcome, *, known: bool = False, problem: str = "") -> None:
        with self._lock:
            self.outcomes[number] = outcome
            self.standing.known += known
            self.standing.problem = problem or self.standing.problem
            if isinstance(outcome, Made):
                self.standing.kept += 1
            else:
                self.standing.dropped[outcome.reason] += 1
            self._changed(self.standing)

    def _stop(self, error: DemiurgicError) -> None:
        with self._lock:
            self.stopped_by = self.stopped_by or error

    def _together(
        self, batches: Mapping[str, Batches], waiting: list["_Waiting"], report: Callable[[int, int], None]
    ) -> dict[str, Paid | NotDone]:
        """What all questions that wait came to, teacher by teacher. Those that money or errors stopped are missing."""
        answers: dict[str, Paid | NotDone] = {}
        for name, each in batches.items():
            asks = {one.wanted.key: one.wanted.ask for one in waiting if one.wanted.teacher == name}
            try:
                answers |= each.run(name, asks, self._desk.ledger, report) if asks else {}
            except DemiurgicError as error:
                self._stop(error)
                answers |= {key: paid for key in asks if (paid := self._desk.ledger.paid.get(key))}
        return answers


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An example whose next question goes into a batch."""

    number: int
    making: Making
    wanted: Wanted
