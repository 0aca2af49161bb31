"""`POST /v1/completions`: text that goes on, and with a `suffix` text that fills a hole.

The log-probabilities have the shape that this endpoint always had: one list each of tokens, their log-probabilities,
the likeliest at their places, and where in the returned text they begin.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.engine.protocol import Done, EndReason
from demiurgic.errors import EngineError, UnsupportedRequest
from demiurgic_server.following import Pulse, Told, all_or_none
from demiurgic_server.house import Answering, Asked, begin_stream, house_of, whole
from demiurgic_server.openai.completions_wire import CompletionBody, prompts_of, requests_of
from demiurgic_server.openai.continuation import Continuation, Continued, Scored, Written
from demiurgic_server.sse import DONE, PULSE, data, told
from demiurgic_server.wire import Object, usage_told

router = APIRouter(tags=["openai"])


@router.post("/v1/completions", response_model=None)
async def create(body: CompletionBody, request: Request) -> Response:
    """Go on with a text, or with several, in one piece or as it is written."""
    house, asked = house_of(request), _asked(body)
    head = {"id": f"cmpl-{secrets.token_hex(12)}", "object": "text_completion", "created": int(time.time())}
    if body.stream:
        return await begin_stream(
            request, house, asked, lambda begun: told(_chunks(begun, body, head), request.url.path, DONE)
        )
    return JSONResponse(await whole(request, house, asked, lambda begun: _completion(begun, body, head)))


def _asked(body: CompletionBody) -> Asked[Continued]:
    prompts = prompts_of(body)
    echoes = [prompt if body.echo else "" for prompt in prompts for _ in range(body.answers)]

    def begin(model: ChatModel) -> Sequence[Continuation]:
        if not isinstance(model, LocalChat):
            raise UnsupportedRequest(f"{model.name} takes nothing but conversations", "ask /v1/chat/completions")
        engine = model.engine
        wanted = zip(requests_of(body, prompts, model), echoes, strict=True)
        return all_or_none(Continuation(engine, engine.generate(request), echo) for request, echo in wanted)

    return Asked(body.model, begin, len(echoes))


@dataclass(slots=True)
class _Growing:
    """One completion, as it grows."""

    text: list[str] = field(default_factory=list[str])
    tokens: list[Scored] = field(default_factory=list[Scored])
    done: Done | None = None


async def _completion(begun: Answering[Continued], body: CompletionBody, head: Object) -> Object:
    choices: defaultdict[int, _Growing] = defaultdict(_Growing)
    async for event in begun.events:
        match event:
            case Told(index, Written(text, tokens)):
                choices[index].text.append(text)
                choices[index].tokens += tokens
            case Told(index, Done() as done):
                choices[index].done = done
            case _:
                pass
    return {
        **head,
        "model": begun.model,
        "choices": [_whole(index, choices[index], body) for index in sorted(choices)],
        "usage": _usage({index: choice.done for index, choice in choices.items() if choice.done}, body),
    }


async def _chunks(begun: Answering[Continued], body: CompletionBody, head: Object) -> AsyncGenerator[bytes]:
    head = head | {"model": begun.model}
    tells_usage = body.stream_options is not None and body.stream_options.include_usage
    ended: dict[int, Done] = {}
    async for event in begun.events:
        match event:
            case Pulse():
                yield PULSE
            case Told(index, Written(text, tokens)) if text or tokens:
                odds = _logprobs(tokens) if tokens else None
                yield data(head | {"choices": [_choice(index, text, odds)]})
            case Told(index, Done() as done):
                ended[index] = done
                yield data(head | {"choices": [_choice(index, finish=_finish(done))]})
            case _:
                pass
    if tells_usage:
        yield data(head | {"choices": [], "usage": _usage(ended, body)})
    yield DONE


def _whole(index: int, choice: _Growing, body: CompletionBody) -> Object:
    if choice.done is None:
        raise EngineError("a completion ended without saying so")
    odds = None if body.logprobs is None else _logprobs(choice.tokens)
    return _choice(index, "".join(choice.text), odds, _finish(choice.done))


def _choice(index: int, text: str = "", logprobs: Object | None = None, finish: str | None = None) -> Object:
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}


def _finish(done: Done) -> str:
    return "length" if done.reason is EndReason.LENGTH else "stop"


def _usage(ended: Mapping[int, Done], body: CompletionBody) -> Object:
    """What all completions took together. A prompt counts once, however many completions it has."""
    first = [done for index, done in ended.items() if index % body.answers == 0]
    prompt = sum(done.prompt_tokens for done in first)
    written = sum(done.completion_tokens for done in ended.values())
    return usage_told(prompt, written, sum(done.cached_tokens for done in first))


def _logprobs(tokens: Sequence[Scored]) -> Object:
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [_likeliest(token) for token in tokens],
        "text_offset": [token.offset for token in tokens],
    }


def _likeliest(token: Scored) -> dict[str, float]:
    """By text, the likelier first; the token that was written is among them."""
    likeliest: dict[str, float] = {}
    for text, logprob in (*token.rivals, (token.text, token.logprob)):
        likeliest.setdefault(text, logprob)
    return likeliest
