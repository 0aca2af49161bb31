"""Questions whose answer is one JSON object, put to any model in the strictest way that it takes.

A model that can be bound to a schema is. One that cannot, or that takes no temperature, is asked more loosely, and
whoever asks checks what it said.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.errors import BadSchema, EngineError, ProviderError, UnsupportedRequest
from demiurgic.events import ReplyEnded
from demiurgic.messages import Json, JsonObject, Message

_REFUSED = frozenset({400, 422, 501})
"""Statuses by which servers say that they do not take a request as it is."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How much is asked of a model: an answer bound to the schema, and the likeliest one."""

    bound: bool
    greedy: bool


_WAYS = (_Way(True, True), _Way(True, False), _Way(False, True), _Way(False, False))


@dataclass(frozen=True, slots=True)
class Form:
    """What answers look like, and how long they may be."""

    schema: JsonObject
    bound_tokens: int
    free_tokens: int
    """For a model that thinks before it answers, or that cannot be bound."""


class Asker:
    """A model that answers in a form. May be asked from several threads."""

    def __init__(self, model: ChatModel, *, think: bool = False) -> None:
        self._model, self._think = model, think
        self._ways = _WAYS

    def ask(self, conversation: Sequence[Message], form: Form) -> ReplyEnded:
        """Put one question, in the strictest way that the model takes. Raises what its errors come to."""
        ways = self._ways
        for number, way in enumerate(ways):
            try:
                ended = self._ask(conversation, form, way)
            except (UnsupportedRequest, BadSchema, ProviderError) as error:
                refused = not isinstance(error, ProviderError) or error.status in _REFUSED
                if not refused or way is ways[-1]:
                    raise
            else:
                self._ways = ways[number:]
                return ended
        raise AssertionError("the last way returns or raises")

    def _ask(self, conversation: Sequence[Message], form: Form, way: _Way) -> ReplyEnded:
        options = ReplyOptions(
            answer_schema=form.schema if way.bound else None,
            max_tokens=form.bound_tokens if way.bound and not self._think else form.free_tokens,
            temperature=0.0 if way.greedy else None,
            think=self._think,
        )
        for event in self._model.reply(conversation, (), options):
            if isinstance(event, ReplyEnded):
                return event
        raise EngineError("a reply ended without saying so")


def identity_of(model: ChatModel) -> tuple[str, str]:
    """A model's name, and what its weights are known by where they are on this machine: another answer is to be
    expected where either differs."""
    return model.name, model.engine.facts.fingerprint if isinstance(model, LocalChat) else ""


def object_in(said: str) -> JsonObject | None:
    """The one JSON object of an answer, be it fenced or among words; None where there is none."""
    try:
        answer: Json = json.loads(said[said.index("{") : said.rindex("}") + 1])
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", answer) if isinstance(answer, dict) else None
