"""Several models answer the same prompts; every two answers to one prompt make a pair to be decided."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic.messages import Message, System, User
from demiurgic_training.generating.listed import load_tasks
from demiurgic_training.generating.seeds import Task
from demiurgic_training.rows import Row, asked
from demiurgic_training.teachers.desk import Wanted
from demiurgic_training.teachers.ledger import Paid
from demiurgic_training.teachers.protocol import question


@dataclass(frozen=True, slots=True)
class Prompt:
    """What all models are asked."""

    number: int
    topic: str
    task: Task

    def row(self, answer: str) -> Row:
        """An answer to it, with the tests of its task."""
        return asked(self.task.prompt, answer, meta={"tests": self.task.tests, "entry_point": self.task.entry_point})


@dataclass(frozen=True, slots=True)
class Style:
    """How they are asked."""

    system: str = ""
    max_tokens: int = 1024
    temperature: float = 0.8
    samples: int = 1
    """Answers of each model; more than one pairs a model with itself."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a prompt, and whose it is."""

    model: str
    key: str
    paid: Paid


def load_prompts(path: Path, template: str) -> list[Prompt]:
    """The prompts of a file. With a template each line is a topic, put where it says {topic}. Raises UserError."""
    if "{topic}" not in template:
        raise UserError(f"--template {template!r} has no place for the topic", "write {topic} where it belongs")
    return [
        Prompt(number, task.prompt, Task(template.replace("{topic}", task.prompt), task.tests, task.entry_point))
        for number, task in enumerate(load_tasks(path).tasks)
    ]


def wanted(prompt: Prompt, model: str, sample: int, style: Style) -> Wanted:
    """The question to one model."""
    above: tuple[Message, ...] = (System(style.system),) if style.system else ()
    key = f"{prompt.number}/{model}/{sample}"
    ask = question(
        (*above, User(prompt.task.prompt)),
        style.max_tokens,
        temperature=style.temperature,
        seed=zlib.crc32(key.encode()) & 0x7FFFFFFF,
    )
    return Wanted(key, model, ask)


def candidates(given: Sequence[Given], style: Style) -> Iterator[tuple[Given, Given]]:
    """Every two answers of different models; of the same one where that is all there is. Which of them is called the
    first says nothing."""
    for one, other in combinations(given, 2):
        if style.samples == 1 or one.model != other.model or len({each.model for each in given}) == 1:
            yield one, other


def problem(one: Given, other: Given, ratio: float) -> str:
    """Why two answers make no pair worth deciding; empty where they do."""
    texts = [each.paid.answer.text.strip() for each in (one, other)]
    if any(each.paid.answer.finish != "stop" for each in (one, other)):
        return "cut off or declined"
    if not all(texts):
        return "empty"
    if texts[0] == texts[1]:
        return "the same"
    lengths = sorted(map(len, texts))
    return "too different in length" if lengths[1] > ratio * lengths[0] else ""
