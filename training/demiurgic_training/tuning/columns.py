"""Lessons as the columns that TRL's trainers take ready-made, so that none of them renders or cuts anything itself."""

import random
from collections.abc import Sequence
from typing import TypeAlias, cast

from demiurgic_training.tuning.lessons import Lesson, PairLesson
from demiurgic_training.tuning.recipe import Method

Lessons: TypeAlias = Sequence[Lesson] | Sequence[PairLesson]
Columns: TypeAlias = dict[str, list[list[int]] | list[bool]]
IGNORED = -100
"""The label of a token that is read and not learned."""


def columns_of(method: Method, lessons: Lessons, batch: int, seed: int) -> Columns:
    """What a method's trainer reads."""
    match method:
        case Method.SFT:
            return _conversations(cast("Sequence[Lesson]", lessons))
        case Method.DPO:
            return _pairs(cast("Sequence[PairLesson]", lessons))
        case Method.KTO:
            return _judged(cast("Sequence[PairLesson]", lessons), batch, seed)
        case Method.DISTIL:
            return _questions(cast("Sequence[Lesson]", lessons), seed)


def _conversations(lessons: Sequence[Lesson]) -> Columns:
    def labels(lesson: Lesson) -> list[int]:
        return [token if learned else IGNORED for token, learned in zip(lesson.tokens, lesson.learned, strict=True)]

    return {"input_ids": [list(each.tokens) for each in lessons], "labels": [labels(each) for each in lessons]}


def _pairs(lessons: Sequence[PairLesson]) -> Columns:
    return {
        "prompt_ids": [list(each.prompt) for each in lessons],
        "chosen_ids": [list(each.chosen) for each in lessons],
        "rejected_ids": [list(each.rejected) for each in lessons],
    }


def _judged(lessons: Sequence[PairLesson], batch: int, seed: int) -> Columns:
    """Each answer alone. KTO also wants, for each, an answer to something else: that of the row before it in its batch.
    So the order is settled here, once."""
    judged = [(each.prompt, answer, good) for each in lessons for answer, good in _answers(each)]
    random.Random(seed).shuffle(judged)
    strangers: list[list[int]] = []
    for start in range(0, len(judged), batch):
        answers = [list(answer) for _, answer, _ in judged[start : start + batch]]
        strangers += [*answers[-1:], *answers[:-1]]
    return {
        "prompt_ids": [list(prompt) for prompt, _, _ in judged],
        "completion_ids": [list(answer) for _, answer, _ in judged],
        "KL_completion_ids": strangers,
        "label": [good for _, _, good in judged],
    }


def _answers(lesson: PairLesson) -> tuple[tuple[tuple[int, ...], bool], ...]:
    return (lesson.chosen, True), (lesson.rejected, False)


def _questions(lessons: Sequence[Lesson], seed: int) -> Columns:
    """What the student is asked, in an order that is settled here: TRL's own would begin again in a resumed run."""
    asked = [list(_question(lesson)) for lesson in lessons]
    random.Random(seed).shuffle(asked)
    return {"prompt": asked}


def _question(lesson: Lesson) -> tuple[int, ...]:
    """All before the assistant's last turn."""
    end = len(lesson.learned)
    while end and not lesson.learned[end - 1]:
        end -= 1
    while end and lesson.learned[end - 1]:
        end -= 1
    return lesson.tokens[:end]
