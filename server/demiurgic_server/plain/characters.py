"""`POST /v1/characters/chat`: what a character says next.

Nothing of a conversation is kept between requests: each brings all of it.
"""

import secrets
from collections.abc import AsyncGenerator, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from demiurgic.chat.characters import reply_as
from demiurgic.chat.protocol import ChatModel, Reply
from demiurgic.errors import EngineError
from demiurgic.events import ChatEvent, ReplyEnded, TextDelta
from demiurgic_server.following import Pulse
from demiurgic_server.house import Answering, Asked, begin_stream, house_of, whole
from demiurgic_server.openai.chat import finish_of, usage_of
from demiurgic_server.plain.character_wire import (
    CharacterAnswer,
    CharacterBody,
    lines_of,
    options_of,
    persona_of,
)
from demiurgic_server.sse import PULSE, data, told
from demiurgic_server.wire import Object

router = APIRouter(tags=["plain"])


@router.post(
    "/v1/characters/chat",
    response_model=CharacterAnswer,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def chat(body: CharacterBody, request: Request) -> Object | Response:
    """Answer what the user said last as the character would, in one piece or as it is written. Streamed, each event
    holds a `delta`, and the last one all that an answer in one piece has besides its message."""
    house, asked = house_of(request), _asked(body)
    head: Object = {"id": f"character-{secrets.token_hex(12)}", "character": body.session_meta.bot_name}
    if body.stream:
        return await begin_stream(request, house, asked, lambda begun: told(_events(begun, head), request.url.path))
    return await whole(request, house, asked, lambda begun: _answer(begun, head))


def _asked(body: CharacterBody) -> Asked[ChatEvent]:
    lines, options = lines_of(body.messages), options_of(body)

    def begin(model: ChatModel) -> Sequence[Reply]:
        return [reply_as(persona_of(body.session_meta), model, lines, options)]

    return Asked(body.model, begin)


async def _answer(begun: Answering[ChatEvent], head: Object) -> Object:
    async for event in begun.events:
        if not isinstance(event, Pulse) and isinstance(event.event, ReplyEnded):
            message = {"role": "assistant", "content": event.event.message.text}
            return head | {"message": message} | _end(begun, event.event)
    raise EngineError("a reply ended without saying so")


async def _events(begun: Answering[ChatEvent], head: Object) -> AsyncGenerator[bytes]:
    async for event in begun.events:
        if isinstance(event, Pulse):
            yield PULSE
        elif isinstance(event.event, TextDelta):
            yield data({"delta": event.event.text})
        elif isinstance(event.event, ReplyEnded):
            yield data(head | _end(begun, event.event))


def _end(begun: Answering[ChatEvent], ended: ReplyEnded) -> Object:
    return {"model": begun.model, "usage": usage_of([ended.usage]), "finish_reason": finish_of(ended)}
