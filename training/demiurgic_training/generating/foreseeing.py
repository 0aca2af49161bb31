"""The questions that a run will likely ask, as far as its first examples tell."""

from collections.abc import Iterator

from demiurgic_training.generating.example import Maker
from demiurgic_training.generating.seeds import Task
from demiurgic_training.teachers.estimating import Foreseen

SAMPLED = 40
"""Examples that are looked at."""
_TASK_TOKENS, _ANSWER_TOKENS = 250, 700
_TASK_BYTES = 900


def foreseen(maker: Maker, count: int) -> Iterator[Foreseen]:
    """The questions of the first examples."""
    for number in range(min(count, SAMPLED)):
        yield from _of(maker, number)


def scale(count: int) -> float:
    """How many examples there are for each that is looked at."""
    return count / min(count, SAMPLED)


def _of(maker: Maker, number: int) -> Iterator[Foreseen]:
    source, place = maker.seeds.of(number)
    recipe, task = maker.recipe, source.seed(place).task or Task("x" * _TASK_BYTES)
    if invention := maker.invention(number):
        yield Foreseen(invention.teacher, invention.ask, _TASK_TOKENS)
    attempts = [(recipe.student, f"student-{attempt}") for attempt in range(recipe.student_tries)]
    tries_student = recipe.student and (recipe.tests or task.tests)
    for teacher, attempt in [*(attempts if tries_student else []), (maker.teachers.name(number), "answer")]:
        yield Foreseen(teacher, maker.answering(number, teacher, task, attempt).ask, _ANSWER_TOKENS)
