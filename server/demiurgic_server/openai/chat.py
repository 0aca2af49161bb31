"""`POST /v1/chat/completions`."""

import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from demiurgic.chat.protocol import ChatModel, Reply
from demiurgic.errors import EngineError
from demiurgic.events import (
    CallFinished,
    ChatEvent,
    Finish,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
    TokenOdds,
    TokensScored,
)
from demiurgic.messages import ToolCall, Usage
from demiurgic_server.following import Pulse, Told, all_or_none
from demiurgic_server.house import Answering, Asked, begin_stream, house_of, whole
from demiurgic_server.openai.chat_wire import ChatBody, conversation_of, options_of, tools_of
from demiurgic_server.sse import DONE, PULSE, data, told
from demiurgic_server.wire import Object, finite, usage_told

router = APIRouter(tags=["openai"])


@router.post("/v1/chat/completions", response_model=None)
async def create(body: ChatBody, request: Request) -> Response:
    """Answer a conversation, in one piece or as it is written."""
    house, asked = house_of(request), _asked(body)
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time())}
    if body.stream:
        return await begin_stream(
            request, house, asked, lambda begun: told(_chunks(begun, body, head), request.url.path, DONE)
        )
    return JSONResponse(await whole(request, house, asked, lambda begun: _completion(begun, body, head)))


def _asked(body: ChatBody) -> Asked[ChatEvent]:
    conversation, tools = conversation_of(body.messages), tools_of(body.tools)
    wishes = [options_of(body, index) for index in range(body.answers)]

    def begin(model: ChatModel) -> Sequence[Reply]:
        return all_or_none(model.reply(conversation, tools, wish) for wish in wishes)

    return Asked(body.model, begin, body.answers)


@dataclass(slots=True)
class _Answer:
    """One of the wanted answers, as it grows."""

    odds: list[TokenOdds] = field(default_factory=list[TokenOdds])
    ended: ReplyEnded | None = None


async def _completion(begun: Answering[ChatEvent], body: ChatBody, head: Object) -> Object:
    answers = [_Answer() for _ in range(body.answers)]
    async for event in begun.events:
        if isinstance(event, Told):
            answer = answers[event.index]
            match event.event:
                case TokensScored(tokens):
                    answer.odds += tokens
                case ReplyEnded() as ended:
                    answer.ended = ended
                case _:
                    pass
    return {
        **head,
        "object": "chat.completion",
        "model": begun.model,
        "choices": [_choice(index, answer, body) for index, answer in enumerate(answers)],
        "usage": usage_of([_ended(answer).usage for answer in answers]),
    }


def _choice(index: int, answer: _Answer, body: ChatBody) -> Object:
    message = _ended(answer).message
    written: Object = {
        "role": "assistant",
        "content": message.text or (None if message.calls else ""),
        "refusal": None,
    }
    if message.reasoning:
        written["reasoning_content"] = message.reasoning
    if message.calls:
        written["tool_calls"] = [_call(call) for call in message.calls]
    return {
        "index": index,
        "message": written,
        "finish_reason": finish_of(_ended(answer)),
        "logprobs": _logprobs(answer.odds) if body.logprobs else None,
    }


async def _chunks(begun: Answering[ChatEvent], body: ChatBody, head: Object) -> AsyncGenerator[bytes]:
    head = head | {"object": "chat.completion.chunk", "model": begun.model}
    chunk = partial(_chunk, head)
    tells_usage = body.stream_options is not None and body.stream_options.include_usage
    usages: list[Usage] = []
    calls = Counter[int]()
    for index in range(body.answers):
        yield chunk(index, {"role": "assistant", "content": ""})
    async for event in begun.events:
        if isinstance(event, Pulse):
            yield PULSE
            continue
        if isinstance(event.event, ReplyEnded):
            usages.append(event.event.usage)
            yield chunk(event.index, {}, finish_of(event.event))
        elif isinstance(event.event, TokensScored):
            yield chunk(event.index, {}, None, _logprobs(event.event.tokens))
        elif isinstance(event.event, CallFinished):
            yield chunk(event.index, {"tool_calls": [{"index": calls[event.index]} | _call(event.event.call)]})
            calls[event.index] += 1
        elif delta := _delta(event.event):
            yield chunk(event.index, delta)
    if tells_usage:
        yield data(head | {"choices": [], "usage": usage_of(usages)})
    yield DONE


def _chunk(head: Object, index: int, delta: Object, finish: str | None = None, logprobs: Object | None = None) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": logprobs}
    return data(head | {"choices": [choice]})


def _delta(event: ChatEvent) -> Object | None:
    """What of an event goes to the client as it comes. A call goes when it is whole: until then it is in the model's
    own dialect, and might still turn out to be no call."""
    match event:
        case TextDelta(text):
            return {"content": text}
        case ReasoningDelta(text):
            return {"reasoning_content": text}
        case _:
            return None


def finish_of(ended: ReplyEnded) -> str:
    """Why a reply ended, in OpenAI's words. Raises EngineError where it failed to make its call."""
    if ended.rejected and not ended.message.calls and ended.finish is not Finish.LENGTH:
        raise EngineError(f"the model made a call that no tool takes: {ended.rejected[0].problem}")
    return {Finish.STOP: "stop", Finish.CALLS: "tool_calls", Finish.LENGTH: "length"}.get(ended.finish, "stop")


def usage_of(usages: Sequence[Usage]) -> Object:
    """What all answers took together. Their prompt counts once."""
    cached = min((usage.cached for usage in usages), default=0)
    return usage_told(usages[0].prompt if usages else 0, sum(usage.completion for usage in usages), cached)


def _ended(answer: _Answer) -> ReplyEnded:
    if answer.ended is None:
        raise EngineError("a reply ended without saying so")
    return answer.ended


def _call(call: ToolCall) -> Object:
    function = {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"id": call.id, "type": "function", "function": function}


def _logprobs(tokens: Sequence[TokenOdds]) -> Object:
    return {
        "content": [_odds(token) | {"top_logprobs": [_odds(rival) for rival in token.rivals]} for token in tokens],
        "refusal": None,
    }


def _odds(token: TokenOdds) -> Object:
    return {"token": token.text, "bytes": list(token.raw), "logprob": finite(token.logprob)}
