"""Answers that say nothing, or hardly anything."""

from dataclasses import dataclass

from demiurgic.messages import Assistant
from demiurgic_training.rows import Row

SHORTEST = 20


@dataclass(frozen=True, slots=True)
class Empty:
    """Nobody is asked, nothing is answered, or an answer has neither words nor calls."""

    name: str = "empty"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        answers = [message for message in row.messages if isinstance(message, Assistant)]
        if not answers:
            return "the assistant says nothing"
        if not row.question.strip():
            return "nobody asks anything"
        silent = any(not answer.text.strip() and not answer.calls for answer in answers)
        return "an answer is empty" if silent else None


@dataclass(frozen=True, slots=True)
class Short:
    """The last answer is shorter than answers that teach something. What calls tools may be brief."""

    letters: int = SHORTEST
    name: str = "short"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        if isinstance(row.messages[-1], Assistant) and row.messages[-1].calls:
            return None
        length = len(row.answer.strip())
        return f"its answer has {length} letters" if length < self.letters else None
