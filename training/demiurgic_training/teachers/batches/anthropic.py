"""Anthropic's message batches. They carry no name of ours, so that a lost one is known by its questions' ids."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from demiurgic.chat.lenient import json_object, json_text
from demiurgic.chat.remote import Ask
from demiurgic.chat.sdk_errors import explained
from demiurgic_training.teachers.anthropic import AnthropicWire
from demiurgic_training.teachers.batches.protocol import EXPIRED, NotDone, Result, name_of, number_of, result_of
from demiurgic_training.teachers.ledger import OpenBatch
from demiurgic_training.teachers.remote import Object

if TYPE_CHECKING:
    from anthropic.types.messages import MessageBatch

_CLOCKS_DIFFER = timedelta(minutes=10).total_seconds()
_LOOKED_AT = 1000


class AnthropicBatches:
    """Satisfies `BatchWire`."""

    def __init__(self, wire: AnthropicWire) -> None:
        self._wire = wire

    async def submit(self, token: str, asks: Sequence[Ask]) -> str:
        """Create a batch."""
        import anthropic

        await self._wire.prepare()
        at = self._wire.at
        requests: list[Any] = [
            {"custom_id": name_of(token, number), "params": self._wire.body(ask)} for number, ask in enumerate(asks)
        ]
        with explained(anthropic, at.service, at.timeout):
            batch = await at.client.with_options(max_retries=0).messages.batches.create(requests=requests)
        return batch.id

    async def find(self, batch: OpenBatch) -> str:
        """Of the batches made since, with as many questions, the one whose questions are ours."""
        import anthropic

        at, looked = self._wire.at, 0
        with explained(anthropic, at.service, at.timeout):
            async for other in at.client.messages.batches.list(limit=100):
                looked += 1
                if other.created_at.timestamp() < batch.at - _CLOCKS_DIFFER or looked > _LOOKED_AT:
                    break
                if _size(other) == len(batch.asks) and await self._is(other, batch.token):
                    return other.id
        return ""

    async def results(self, batch: OpenBatch) -> Mapping[int, Result] | None:
        """Read them once the batch has ended."""
        import anthropic

        at = self._wire.at
        found: dict[int, Result] = {}
        with explained(anthropic, at.service, at.timeout):
            state = await at.client.messages.batches.retrieve(batch.id)
            if state.processing_status != "ended":
                return None
            async for each in await at.client.messages.batches.results(batch.id):
                number = number_of(batch.token, each.custom_id)
                if number is not None:
                    found[number] = self._result(each.to_dict(warnings=False))
        return found

    def _result(self, each: Object) -> Result:
        result = json_object(each.get("result"))
        match result.get("type"):
            case "succeeded":
                return result_of(self._wire, json_object(result.get("message")))
            case "expired":
                return EXPIRED
            case "errored":
                error = json_object(json_object(result.get("error")).get("error"))
                return NotDone(json_text(error.get("message")) or "it was refused")
            case other:
                return NotDone(f"it was {other}")

    async def _is(self, other: "MessageBatch", token: str) -> bool:
        """Whether the questions of a batch are ours: by the first that is told. Before it ended none is."""
        import asyncio

        at = self._wire.at
        while other.processing_status != "ended":
            await asyncio.sleep(5)
            other = await at.client.messages.batches.retrieve(other.id)
        async for each in await at.client.messages.batches.results(other.id):
            return number_of(token, each.custom_id) is not None
        return False


def _size(batch: "MessageBatch") -> int:
    counts = batch.request_counts
    return counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
