"""What a provider's batch API comes to: questions go there under one name, and come back in any order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from demiurgic.chat.remote import Ask
from demiurgic.errors import ProviderError
from demiurgic_training.teachers.ledger import OpenBatch
from demiurgic_training.teachers.protocol import Answer
from demiurgic_training.teachers.remote import Object, Wire, read


@dataclass(frozen=True, slots=True)
class NotDone:
    """A question of a batch that was not answered. `again`: a new batch may answer it."""

    why: str
    again: bool = False
    paid: bool = False
    """Whether it must be paid for all the same."""


EXPIRED = NotDone("the batch expired before its turn came", again=True)
Result: TypeAlias = Answer | NotDone


class BatchWire(Protocol):
    """The batches of one model."""

    async def submit(self, token: str, asks: Sequence[Ask]) -> str:
        """Send questions, each under the token and its number. Returns the provider's id of the batch. Sent once: after
        an error nobody knows whether it arrived. Raises ProviderError."""
        ...

    async def find(self, batch: OpenBatch) -> str:
        """The id of a batch of which it is not known whether it arrived; empty where it did not."""
        ...

    async def results(self, batch: OpenBatch) -> Mapping[int, Result] | None:
        """What became of each question, by its number; None while they are being answered. A question that is missing
        was not answered. Raises ProviderError where it cannot be told now."""
        ...


def result_of(wire: Wire, reply: Object) -> Result:
    """The answer in a reply; what is none was paid for nevertheless."""
    try:
        return read(wire, reply)
    except ProviderError as error:
        return NotDone(str(error), paid=True)


def name_of(token: str, number: int) -> str:
    """The id that a question goes by."""
    return f"{token}-{number}"


def number_of(token: str, name: str) -> int | None:
    """The number of a question by its id; None for one that is none of this batch."""
    before, _, number = name.rpartition("-")
    return int(number) if before == token and number.isdecimal() else None
