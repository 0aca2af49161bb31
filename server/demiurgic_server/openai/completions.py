"""`POST /v1/completions`: text that goes on, and with a `suffix` text that fills a hole.

The log-probabilities have the shape that this endpoint always had: one list each of tokens, their log-probabilities,
the likeliest at their places, and where in the returned text they begin.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.engine.protocol import Done, EndReason
from demiurgic.errors import EngineError, UnsupportedRequest
from demiurgic_server.following import Pulse, Told
from demiurgic_server.house import Answering, Asked, begin_stream, house_of, whole
from demiurgic_server.openai.completions_wire import CompletionBody, prompts_of, requests_of
from demiurgic_server.openai.continuation import Continuation, Continued, Scored, Written, begin_all
from demiurgic_server.sse import DONE, PULSE, data, told

router = APIRouter(tags=["openai"])
_Object = dict[str, Any]


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
        return begin_all(model.engine, requests_of(body, prompts, model), echoes)

    return Asked(body.model, begin, len(echoes))


@dataclass(slots=True)
class _Growing:
    """One completion, as it grows."""

    text: list[str] = field(default_factory=list[str])
    tokens: list[Scored] = field(default_factory=list[Scored])
    done: Done | None = None


async def _completion(begun: Answering[Continued], body: CompletionBody, head: _Object) -> _Object:
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


async def _chunks(begun: Answering[Continued], body: CompletionBody, head: _Object) -> AsyncGenerator[bytes]:
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


def _whole(index: int, choice: _Growing, body: CompletionBody) -> _Object:
    if choice.done is None:
        raise EngineError("a completion ended without saying so")
    odds = None if body.logprobs is None else _logprobs(choice.tokens)
    return _choice(index, "".join(choice.text), odds, _finish(choice.done))


def _choice(index: int, text: str = "", logprobs: _Object | None = None, finish: str | None = None) -> _Object:
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}


def _finish(done: Done) -> str:
    return "length" if done.reason is EndReason.LENGTH else "stop"


def _usage(ended: Mapping[int, Done], body: CompletionBody) -> _Object:
    """What all completions took together. A prompt counts once, however many completions it has."""
    first = [done for index, done in ended.items() if index % body.answers == 0]
    prompt = sum(done.prompt_tokens for done in first)
    written = sum(done.completion_tokens for done in ended.values())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "prompt_tokens_details": {"cached_tokens": sum(done.cached_tokens for done in first)},
    }


def _logprobs(tokens: Sequence[Scored]) -> _Object:
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
