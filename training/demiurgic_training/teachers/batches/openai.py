"""OpenAI's batches: a file of questions goes there, files of answers and of errors come back."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from demiurgic.chat.lenient import json_count, json_object, json_text
from demiurgic.chat.remote import Ask
from demiurgic.chat.sdk_errors import explained
from demiurgic_training.teachers.batches.protocol import EXPIRED, NotDone, Result, name_of, number_of, result_of
from demiurgic_training.teachers.ledger import OpenBatch
from demiurgic_training.teachers.openai import OpenAIWire
from demiurgic_training.teachers.remote import Object

if TYPE_CHECKING:
    from openai.types import Batch

_ENDPOINT = "/v1/chat/completions"
_NAME = "demiurgic"
_ENDED = ("completed", "expired", "cancelled", "failed")
_EXPIRED = "batch_expired"
_LOOKED_AT = 1000


class OpenAIBatches:
    """Satisfies `BatchWire`."""

    def __init__(self, wire: OpenAIWire) -> None:
        self._wire = wire

    async def submit(self, token: str, asks: Sequence[Ask]) -> str:
        """Send the file, then make a batch of it."""
        import openai

        at = self._wire.at
        lines = [json.dumps(self._line(name_of(token, number), ask)) for number, ask in enumerate(asks)]
        file = (f"{token}.jsonl", "\n".join(lines).encode() + b"\n")
        with explained(openai, at.service, at.timeout):
            sent = await at.client.files.create(file=file, purpose="batch")
            batch = await at.client.with_options(max_retries=0).batches.create(
                input_file_id=sent.id, endpoint=_ENDPOINT, completion_window="24h", metadata={_NAME: token}
            )
        return batch.id

    async def find(self, batch: OpenBatch) -> str:
        """By the token that it carries."""
        import openai

        at, looked = self._wire.at, 0
        with explained(openai, at.service, at.timeout):
            async for other in at.client.batches.list(limit=100):
                looked += 1
                if (other.metadata or {}).get(_NAME) == batch.token:
                    return other.id
                if looked > _LOOKED_AT:
                    break
        return ""

    async def results(self, batch: OpenBatch) -> Mapping[int, Result] | None:
        """Read both files once the batch has ended. One that failed as a whole answered nothing."""
        import openai

        at = self._wire.at
        with explained(openai, at.service, at.timeout):
            state = await at.client.batches.retrieve(batch.id)
            if state.status not in _ENDED:
                return None
            found: dict[int, Result] = dict.fromkeys(range(len(batch.asks)), _missing(state))
            for file in filter(None, (state.output_file_id, state.error_file_id)):
                content = await at.client.files.content(file)
                for line in content.text.splitlines():
                    told = json_object(json.loads(line))
                    number = number_of(batch.token, json_text(told.get("custom_id")))
                    if number is not None:
                        found[number] = self._result(told)
        return found

    def _line(self, name: str, ask: Ask) -> Object:
        return {"custom_id": name, "method": "POST", "url": _ENDPOINT, "body": self._wire.body(ask)}

    def _result(self, told: Object) -> Result:
        response, error = json_object(told.get("response")), json_object(told.get("error"))
        if json_count(response.get("status_code")) == 200:
            return result_of(self._wire, json_object(response.get("body")))
        if error.get("code") == _EXPIRED:
            return EXPIRED
        said = json_text(json_object(json_object(response.get("body")).get("error")).get("message"))
        return NotDone(said or json_text(error.get("message")) or "it was refused")


def _missing(state: "Batch") -> NotDone:
    """What holds for questions of which neither file tells."""
    if state.status == "expired":
        return EXPIRED
    told = (state.errors.data if state.errors else None) or []
    said = next((error.message for error in told if error.message), "it says nothing of this question")
    return NotDone(f"the batch is {state.status}: {said}")
