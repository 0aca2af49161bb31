"""`POST /v1/messages` and `POST /v1/messages/count_tokens`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from demiurgic.chat.protocol import ChatModel, Reply
from demiurgic.errors import ContextOverflow, UnsupportedRequest
from demiurgic.events import ChatEvent
from demiurgic_server.anthropic.answer import events_of, message_of
from demiurgic_server.anthropic.conversation import conversation_of
from demiurgic_server.anthropic.messages_wire import CountBody, MessageBody, options_of, tools_of
from demiurgic_server.house import Answering, Asked, begin_stream, house_of, in_time, unless_gone, whole
from demiurgic_server.sse import data, told

router = APIRouter(tags=["anthropic"])


@router.post("/v1/messages", response_model=None)
async def create_message(body: MessageBody, request: Request) -> Response:
    """Answer a conversation, in one piece or as it is written."""
    house, asked = house_of(request), _asked(body)
    pulse = house.serving.limits.pulse
    if body.stream:
        return await begin_stream(
            request, house, asked, lambda begun: told(_frames(begun, body, pulse), request.url.path)
        )
    return JSONResponse(await whole(request, house, asked, lambda begun: message_of(events_of(begun, body, pulse))))


@router.post("/v1/messages/count_tokens", response_model=None)
async def count_tokens(body: CountBody, request: Request) -> Response:
    """What a conversation would take, before any answer. Needs no place among those that are answered."""
    house = house_of(request)
    conversation, tools = conversation_of(body), tools_of(body.tools)

    async def count() -> int:
        async with house.pool.use(body.model) as model:
            tokens = await asyncio.to_thread(model.count_tokens, conversation, tools, think=body.thinks)
        if tokens is None:
            raise UnsupportedRequest(f"{model.name} does not tell how many tokens a text has")
        return tokens

    return JSONResponse({"input_tokens": await unless_gone(request, in_time(house, count()))})


def _asked(body: MessageBody) -> Asked[ChatEvent]:
    conversation, tools, wish = conversation_of(body), tools_of(body.tools), options_of(body)

    def begin(model: ChatModel) -> Sequence[Reply]:
        try:
            return (model.reply(conversation, tools, wish),)
        except ContextOverflow:
            # Clients must name a limit and know nothing of this context. The answer may take what is left of it; where
            # that is nothing, this is the error that they hear.
            return (model.reply(conversation, tools, replace(wish, max_tokens=None)),)

    return Asked(body.model, begin)


async def _frames(begun: Answering[ChatEvent], body: MessageBody, pulse: float) -> AsyncGenerator[bytes]:
    async with aclosing(events_of(begun, body, pulse)) as events:
        async for event in events:
            yield data(event, event["type"])
