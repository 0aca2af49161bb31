"""What a teacher is: a question goes in, an answer comes out with what it took. Providers differ behind this."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.remote import Ask, asked
from demiurgic.errors import ProviderError, WorkError
from demiurgic.messages import Message, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """What a teacher wrote. `finish` is `stop`, `length` where it was cut off, or `declined` where it would not."""

    text: str
    finish: str
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    charged: Decimal | None = None
    """What the provider itself says that it took, in dollars; None where it does not say."""
    lost: int = 0
    """Requests before this one that may have been worked on and paid for, although no answer came."""


class Unanswered(ProviderError):
    """A teacher gave no answer."""

    def __init__(self, error: ProviderError, lost: int) -> None:
        self.lost = lost
        """Requests that may have been paid for all the same."""
        super().__init__(error.message, error.hint, status=error.status)


class Lost(WorkError):
    """Who asked ended while the question was under way: perhaps it was answered, and must be paid for. Others may be
    asked."""


class Teacher(Protocol):
    """A model to be asked many questions. May be asked from many threads at once."""

    @property
    def name(self) -> str: ...

    @property
    def tries(self) -> int:
        """Requests that one question may become at most, all of which may have to be paid for."""
        ...

    def ask(self, ask: Ask) -> Answer:
        """Put one question, and wait. Temperature and seed are wishes: who takes none varies without them.
        Raises Unanswered; or UserError where such a question can never be answered."""
        ...

    def close(self) -> None: ...


def question(
    conversation: tuple[Message, ...], max_tokens: int, *, temperature: float | None = None, seed: int | None = None
) -> Ask:
    """A question in words, to be answered in words."""
    return asked(conversation, (), ReplyOptions(max_tokens=max_tokens, temperature=temperature, seed=seed, think=False))
