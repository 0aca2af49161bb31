"""Answers that say the question again."""

from dataclasses import dataclass

from demiurgic.fences import fenced
from demiurgic.messages import Assistant, User
from demiurgic_training.rows import Row
from demiurgic_training.words import words

_FEWEST = 12
"""Words. Shorter questions may well stand in a good answer."""


@dataclass(frozen=True, slots=True)
class Repeating:
    """What the last answer says in words holds the whole of what was asked in words. Code may be repeated."""

    name: str = "repeats"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        answered = max((at for at, message in enumerate(row.messages) if isinstance(message, Assistant)), default=0)
        asked = next((message.text for message in row.messages[answered::-1] if isinstance(message, User)), "")
        question = words(fenced(asked).prose)
        if len(question) < _FEWEST:
            return None
        answer = words(fenced(row.answer).prose)
        return "its answer repeats the question" if f" {' '.join(question)} " in f" {' '.join(answer)} " else None
