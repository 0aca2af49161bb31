"""What a task may be made of. Every seed is found again by its number, so that a second start asks the same."""

import random
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be answered, with tests if there are any, and the function that they take, if they take one."""

    prompt: str
    tests: str = ""
    entry_point: str = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """What a task shall be invented from, in words for a teacher; or a task that is there already."""

    source: str
    """Where it is from, for the records."""
    words: str = ""
    task: Task | None = None
    licence: str = ""


class Seeds(Protocol):
    """A supply of seeds."""

    @property
    def most(self) -> int | None:
        """How many different ones there are; None where they do not run out."""
        ...

    def seed(self, number: int) -> Seed:
        """The seed of this number, always the same one."""
        ...


def dice(kind: str, number: int, run: int) -> random.Random:
    """Chance that comes out the same for the same number of the same run."""
    return random.Random(f"{kind} {run} {number}")
