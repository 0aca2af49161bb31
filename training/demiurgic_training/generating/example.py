"""One example from its seed to its answer. Nobody is asked here: questions are yielded, and what they bring is sent
back, so that threads or batches may put them.
"""

import zlib
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from demiurgic.errors import DemiurgicError
from demiurgic.messages import Json, Message, System, User
from demiurgic_training.filtering import noted
from demiurgic_training.filters.protocol import Filter
from demiurgic_training.generating.checking import PASS, Checking, verdict_of
from demiurgic_training.generating.inventing import read_invention
from demiurgic_training.generating.mixing import Mix
from demiurgic_training.generating.seeds import Seed, Seeds, Task
from demiurgic_training.generating.values import Dropped, Made, Making, Outcome
from demiurgic_training.generating.wording import INVENTION, worded
from demiurgic_training.rows import Row, asked
from demiurgic_training.teachers.desk import Wanted, takes_no_schema
from demiurgic_training.teachers.ledger import Paid
from demiurgic_training.teachers.protocol import question
from demiurgic_training.teachers.reading import DECLINED


@dataclass(frozen=True, slots=True)
class Recipe:
    """How examples are made."""

    system: str = ""
    answer_tokens: int = 2048
    task_tokens: int = 1024
    temperature: float = 0.8
    run: int = 0
    """Another number draws other chances."""
    tests: bool = False
    """Whether tasks come with tests, which their answers must pass."""
    student: str = ""
    """Who is asked first; the teacher is, where none of its answers passes."""
    student_tries: int = 4


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes examples by their numbers. For many threads."""

    recipe: Recipe
    seeds: Mix[Seeds]
    teachers: Mix[None]
    filters: Sequence[Filter]
    checking: Checking | None

    def example(self, number: int) -> Making:
        """The example of this number. The same questions under the same keys, whenever it is made."""
        source, place = self.seeds.of(number)
        seed, teacher = source.seed(place), self.teachers.name(number)
        bill: list[Paid] = []
        task = yield from self._task(number, seed, teacher, bill)
        if isinstance(task, Dropped):
            return task
        if self.recipe.student and task.tests:
            row = yield from self._by_student(number, seed, task, bill)
            if row is not None:
                return self._filtered(row)
        return (yield from self._by_teacher(number, seed, task, bill))

    def invention(self, number: int) -> Wanted | None:
        """The first question of an example; None where its task is there already."""
        source, place = self.seeds.of(number)
        seed = source.seed(place)
        return self._invention(number, seed, self.teachers.name(number)) if self._invents(seed) else None

    def answering(self, number: int, teacher: str, task: Task, attempt: str) -> Wanted:
        """The question for an answer to a task."""
        above: tuple[Message, ...] = (System(self.recipe.system),) if self.recipe.system else ()
        return Wanted(
            f"{number}/{attempt}",
            teacher,
            question(
                (*above, User(task.prompt)),
                self.recipe.answer_tokens,
                temperature=self.recipe.temperature,
                seed=_seed(self.recipe.run, number, attempt),
            ),
        )

    def _invents(self, seed: Seed) -> bool:
        return seed.task is None or (self.recipe.tests and not seed.task.tests)

    def _invention(self, number: int, seed: Seed, teacher: str) -> Wanted:
        recipe = self.recipe
        words = seed.words if seed.task is None else worded("testing", task=seed.task.prompt)
        above = System(worded("inventing_with_tests" if recipe.tests else "inventing"))
        ask = question(
            (above, User(words)),
            recipe.task_tokens,
            temperature=recipe.temperature,
            seed=_seed(recipe.run, number, "task"),
        )
        if recipe.tests:
            ask = replace(ask, options=replace(ask.options, answer_schema=INVENTION))
        return Wanted(f"{number}/task", teacher, ask)

    def _task(self, number: int, seed: Seed, teacher: str, bill: list[Paid]) -> Generator[Wanted, Paid, Task | Dropped]:
        if seed.task is not None and not self._invents(seed):
            return seed.task
        wanted = self._invention(number, seed, teacher)
        try:
            paid = yield wanted
        except DemiurgicError as error:
            if not self.recipe.tests or not takes_no_schema(error):
                raise
            # Its words alone must do.
            free = replace(wanted.ask, options=replace(wanted.ask.options, answer_schema=None))
            paid = yield replace(wanted, key=f"{wanted.key}/free", ask=free)
        bill.append(paid)
        if paid.answer.finish != "stop":
            return Dropped("task declined" if paid.answer.finish == DECLINED else "task cut off")
        if not self.recipe.tests:
            text = paid.answer.text.strip()
            return Task(text) if text else Dropped("no task")
        return read_invention(paid.answer.text)

    def _by_student(self, number: int, seed: Seed, task: Task, bill: list[Paid]) -> Generator[Wanted, Paid, Row | None]:
        for attempt in range(self.recipe.student_tries):
            wanted = self.answering(number, self.recipe.student, task, f"student-{attempt}")
            paid = yield wanted
            bill.append(paid)
            row, verdict = self._tested(self._row(seed, task, paid, bill))
            if verdict == PASS:
                return row
        return None

    def _by_teacher(self, number: int, seed: Seed, task: Task, bill: list[Paid]) -> Making:
        wanted = self.answering(number, self.teachers.name(number), task, "answer")
        paid = yield wanted
        row = self._row(seed, task, paid, [*bill, paid])
        if paid.answer.finish == DECLINED:
            return Dropped("declined", row)
        if task.tests:
            row, verdict = self._tested(row)
            if verdict != PASS:
                return Dropped(f"tests: {verdict}", row)
        return self._filtered(row)

    def _tested(self, row: Row) -> tuple[Row, str]:
        """The row with what its tests came to, and that in two words."""
        ruling = self.checking.ruling(row) if self.checking else None
        return (noted(row, ruling), verdict_of(ruling)) if ruling else (row, "not run")

    def _filtered(self, row: Row) -> Outcome:
        for each in self.filters:
            if (why := each.judge(row)) is not None:
                return Dropped(each.name, row.noting(dropped=why))
        return Made(row)

    def _row(self, seed: Seed, task: Task, paid: Paid, bill: Sequence[Paid]) -> Row:
        meta: dict[str, Json] = {"source": seed.source, "teacher": paid.teacher, "finish": paid.answer.finish}
        if costs := _summed(bill):
            meta["cost"] = costs[0] if len(costs) == 1 else costs
        if seed.licence:
            meta["licence"] = seed.licence
        if task.tests:
            meta |= {"tests": task.tests, "entry_point": task.entry_point}
        return asked(task.prompt, paid.answer.text, self.recipe.system, meta)


def _summed(bill: Sequence[Paid]) -> list[dict[str, Json]]:
    """What all answers behind a row cost together, in each currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for paid in bill:
        sums[paid.cost.currency] += paid.cost.amount
    return [{"amount": float(amount), "currency": currency} for currency, amount in sums.items() if amount]


def _seed(run: int, number: int, what: str) -> int:
    """A seed of its own for every question, so that no two of them come out alike."""
    return zlib.crc32(f"{run}/{number}/{what}".encode()) & 0x7FFFFFFF
