"""Anthropic as a teacher. It takes neither temperature nor seed: its answers differ because questions do."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from demiurgic.chat.anthropic_api import AnthropicModel, answer_format, known_limits
from demiurgic.chat.anthropic_wire import ModelLimits, Thoughts, request_body, whole_events
from demiurgic.chat.lenient import json_object
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import Ask, WireEvent
from demiurgic.chat.sdk_errors import explained
from demiurgic_training.teachers.remote import Object


class AnthropicWire:
    """Satisfies `Wire`."""

    def __init__(self, at: AnthropicModel) -> None:
        self.at = at
        self._limits: ModelLimits | None = None
        self._asking = asyncio.Lock()

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.at.name

    @property
    def service(self) -> Service:
        """For errors."""
        return self.at.service

    async def prepare(self) -> None:
        """Learn once whether the model can be kept from thinking."""
        import anthropic

        async with self._asking:
            if self._limits is None:
                with explained(anthropic, self.at.service, self.at.timeout):
                    self._limits = await known_limits(self.at)

    async def send(self, ask: Ask) -> Object:
        """Ask for one message."""
        import anthropic
        import httpx2

        with explained(anthropic, self.at.service, self.at.timeout):
            # As it is: the SDK's own objects, made of every question and reply, would take most of the time.
            reply = await self.at.client.post("/v1/messages", body=self.body(ask), cast_to=httpx2.Response)
            return json_object(json.loads(reply.content))

    def body(self, ask: Ask) -> Object:
        """The request. A model that always thinks may."""
        limits = self._limits or ModelLimits()
        think = ask.options.think or limits.thinks_always
        options = replace(ask.options, think=think, temperature=None, top_p=None, seed=None)
        asked = replace(ask, options=options)
        return {**request_body(self.at.model, asked, limits, Thoughts()), **answer_format(asked)}

    def events(self, reply: Object) -> Iterable[WireEvent]:
        """What a message says."""
        return whole_events(reply)

    def charged(self, reply: Object) -> Decimal | None:
        """It tells tokens alone."""
        return None

    async def close(self) -> None:
        """Hang up."""
        await self.at.client.close()
