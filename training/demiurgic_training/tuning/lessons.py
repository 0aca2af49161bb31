"""Rows as the tokens that a model reads, and which of them it learns: what the assistant wrote, and nothing else.

The runtime's own renderer writes them, so that a model learns exactly what it will be asked, to the token that ends
its turn. What must not be learned stops here, before the first step: rows that cannot be read, rows in which nothing
is learned, another template's tokens, turns without an end, a file without rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.protocol import Template
from demiurgic_training.tuning.certificate import Certificate, Piece
from demiurgic_training.tuning.lesson import Lesson, PairLesson, Shelf
from demiurgic_training.tuning.portions import Portioner
from demiurgic_training.tuning.recipe import Method, Recipe
from demiurgic_training.tuning.writing import Writer

__all__ = ["Lesson", "Lessons", "PairLesson", "prepare_lessons"]

T = TypeVar("T", Lesson, PairLesson)
_SHOWN = 400
"""Tokens of the sample at most."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that is learned, and rows to measure by. Of pairs where the method compares answers: DPO, and KTO, for which
    the chosen one was liked and the rejected one was not."""

    train: Sequence[Lesson] | Sequence[PairLesson]
    validation: Sequence[Lesson] | Sequence[PairLesson]
    certificate: Certificate


def prepare_lessons(
    recipe: Recipe,
    tokenizer: CheckpointTokenizer,
    template: Template,
    tell: Callable[[int], None] = lambda _: None,
) -> Lessons:
    """Read and write everything that a recipe teaches; `tell` hears how many rows of a file were read so far. Raises
    UserError where something should not be learned."""
    writer = Writer(tokenizer, template, recipe.data.system)
    if recipe.method in (Method.DPO, Method.KTO):
        return Lessons(*_taken(recipe, PairLesson, writer, tell))
    return Lessons(*_taken(recipe, Lesson, writer, tell))


def _taken(
    recipe: Recipe, kind: type[T], writer: Writer, tell: Callable[[int], None]
) -> tuple[Shelf[T], Shelf[T], Certificate]:
    data = recipe.data
    learned, held = Portioner(data, kind, writer), Portioner(data, kind, writer)
    train = learned.take(data.train, tell)
    validation = held.take(data.validation, tell) if data.validation else None
    sample = tuple(_sample(learned.lessons, writer))
    template = writer.template
    certificate = Certificate(template.family, template.stops, data.max_length, train, validation, sample)
    return learned.lessons, held.lessons, certificate


def _sample(lessons: Sequence[Lesson | PairLesson], writer: Writer) -> Iterator[Piece]:
    """The first row that can be shown as a whole, or else the beginning of the first."""
    lesson = next((each for each in lessons[:100] if each.length <= _SHOWN), lessons[0])
    if isinstance(lesson, PairLesson):
        answer = lesson.prompt + lesson.chosen, (False,) * len(lesson.prompt) + (True,) * len(lesson.chosen)
        lesson = Lesson(*answer)
    clipped = lesson.clipped(_SHOWN)
    for learned, run in groupby(zip(clipped.tokens, clipped.learned, strict=True), key=lambda each: each[1]):
        yield Piece(writer.decoded([token for token, _ in run]), learned)
