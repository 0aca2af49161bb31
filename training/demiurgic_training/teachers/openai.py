"""OpenAI as a teacher, and every server that speaks its protocol: OpenRouter, Zhipu, vLLM, and our own."""

import json
from collections.abc import Iterable
from decimal import Decimal

from demiurgic.chat.lenient import json_object
from demiurgic.chat.openai_api import OpenAIModel
from demiurgic.chat.openai_wire import request_body, whole_events
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import Ask, WireEvent
from demiurgic.chat.sdk_errors import explained
from demiurgic_training.teachers.remote import Object

_TELLS_COST = "OpenRouter"


class OpenAIWire:
    """Satisfies `Wire`."""

    def __init__(self, at: OpenAIModel) -> None:
        self.at = at

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.at.name

    @property
    def service(self) -> Service:
        """For errors."""
        return self.at.service

    async def prepare(self) -> None:
        """Nothing need be known."""

    async def send(self, ask: Ask) -> Object:
        """Ask for one completion."""
        import httpx2
        import openai

        with explained(openai, self.at.service, self.at.timeout):
            # As it is: the SDK's own objects, made of every question and reply, would take most of the time.
            reply = await self.at.client.post("/chat/completions", body=self.body(ask), cast_to=httpx2.Response)
            return json_object(json.loads(reply.content))

    def body(self, ask: Ask) -> Object:
        """The request."""
        body, extra = request_body(self.at.model, ask, self.at.dialect)
        return {**body, **extra}

    def events(self, reply: Object) -> Iterable[WireEvent]:
        """What a completion says."""
        return whole_events(reply)

    def charged(self, reply: Object) -> Decimal | None:
        """Some tell what they took; others have fields of the same name that mean something else."""
        cost = json_object(reply.get("usage")).get("cost")
        return Decimal(str(cost)) if self.at.dialect.title == _TELLS_COST and isinstance(cost, int | float) else None

    async def close(self) -> None:
        """Hang up."""
        await self.at.client.close()
