"""What becomes of an example, and how it is made: by questions that are yielded and answers that are sent back."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from demiurgic_training.rows import Row
from demiurgic_training.teachers.desk import Wanted
from demiurgic_training.teachers.ledger import Paid


@dataclass(frozen=True, slots=True)
class Made:
    """An example that is kept."""

    row: Row


@dataclass(frozen=True, slots=True)
class Dropped:
    """An example that is not. There is a row where it came that far."""

    reason: str
    row: Row | None = None


Outcome: TypeAlias = Made | Dropped
Making: TypeAlias = Generator[Wanted, Paid, Outcome]
