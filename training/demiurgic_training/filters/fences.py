"""Code blocks that are begun and never ended."""

from dataclasses import dataclass

from demiurgic.fences import fenced
from demiurgic.messages import Assistant
from demiurgic_training.rows import Row


@dataclass(frozen=True, slots=True)
class OpenFence:
    """An answer ends within a code block: it was cut, or its fences do not match."""

    name: str = "open_fence"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        answers = (message.text for message in row.messages if isinstance(message, Assistant))
        still_open = any(not block.closed for answer in answers for block in fenced(answer).blocks)
        return "a code block is never closed" if still_open else None
