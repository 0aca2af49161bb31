"""`POST /v1/responses`. Stateless: every response says of itself that it was not stored."""

import logging
import secrets
import time
from collections.abc import AsyncGenerator
from itertools import count

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from demiurgic.errors import EngineError
from demiurgic.events import ChatEvent, Finish, ReplyEnded
from demiurgic.messages import Usage
from demiurgic_server.following import Pulse, Told
from demiurgic_server.house import Answering, Asked, begin_stream, house_of, whole
from demiurgic_server.openai.chat import finish_of
from demiurgic_server.openai.responses_output import Output
from demiurgic_server.openai.responses_reading import conversation_of, options_of, tools_of
from demiurgic_server.openai.responses_wire import ResponseBody
from demiurgic_server.problems import problem_of
from demiurgic_server.sse import PULSE, data
from demiurgic_server.wire import Object

router = APIRouter(tags=["openai"])
_log = logging.getLogger("demiurgic.server")


@router.post("/v1/responses", response_model=None)
async def create(body: ResponseBody, request: Request) -> Response:
    """Answer a conversation, in one piece or as it is written."""
    house, asked = house_of(request), _asked(body)
    if body.stream:
        return await begin_stream(request, house, asked, lambda begun: _stream(begun, _begun(body, begun.model)))
    return JSONResponse(await whole(request, house, asked, lambda begun: _whole(begun, _begun(body, begun.model))))


def _asked(body: ResponseBody) -> Asked[ChatEvent]:
    conversation, tools, options = conversation_of(body), tools_of(body), options_of(body)
    return Asked(body.model, lambda model: [model.reply(conversation, tools, options)])


async def _whole(begun: Answering[ChatEvent], response: Object) -> Object:
    output, ended = Output(), None
    async for told in begun.events:
        if isinstance(told, Told):
            output.tell(told.event)
            ended = told.event
    return response | _outcome(ended, output)


async def _stream(begun: Answering[ChatEvent], response: Object) -> AsyncGenerator[bytes]:
    numbers = count()

    def frame(event: Object) -> bytes:
        return data({**event, "sequence_number": next(numbers)}, event["type"])

    output, ended = Output(), None
    yield frame({"type": "response.created", "response": response})
    yield frame({"type": "response.in_progress", "response": response})
    try:
        async for told in begun.events:
            if isinstance(told, Pulse):
                yield PULSE
                continue
            for event in output.tell(told.event):
                yield frame(event)
            ended = told.event
        outcome = _outcome(ended, output)
    except Exception as error:  # noqa: BLE001 - the status was sent: this is the handler's last chance to tell
        for event in output.close("incomplete"):
            yield frame(event)
        outcome = _failure(error, output)
    yield frame({"type": f"response.{outcome['status']}", "response": response | outcome})


def _begun(body: ResponseBody, model: str) -> Object:
    """The response as it is when nothing was written yet: all that was asked for, and no output."""
    return {
        "id": f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": model,
        "output": [],
        "error": None,
        "incomplete_details": None,
        "usage": None,
        "store": False,
        "background": False,
        "previous_response_id": None,
        "service_tier": "default",
        "truncation": "disabled",
        "top_logprobs": 0,
        **_wishes(body),
    }


def _wishes(body: ResponseBody) -> Object:
    """What was asked for, as responses repeat it."""
    tools, choice = body.tools or (), body.tool_choice or "auto"
    text_format = body.text and body.text.format
    return {
        "instructions": body.instructions,
        "tools": [tool.model_dump() | {"strict": tool.strict is not False} for tool in tools],
        "tool_choice": choice if isinstance(choice, str) else choice.model_dump(),
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "max_tool_calls": body.max_tool_calls,
        "max_output_tokens": body.max_output_tokens,
        "text": {"format": text_format.model_dump(by_alias=True) if text_format else {"type": "text"}},
        "reasoning": {"effort": body.reasoning and body.reasoning.effort, "summary": None},
        "temperature": body.temperature,
        "top_p": body.top_p,
        "metadata": body.metadata or {},
        "user": body.user,
        "safety_identifier": body.safety_identifier,
        "prompt_cache_key": body.prompt_cache_key,
    }


def _outcome(ended: ChatEvent | None, output: Output) -> Object:
    """What the response is in the end. Raises EngineError where the reply came to nothing.

    A call that the limit cut short is not part of it."""
    if not isinstance(ended, ReplyEnded):
        raise EngineError("a reply ended without saying so")
    so_far = {"output": output.items, "usage": _usage(ended.usage)}
    if ended.finish is Finish.LENGTH:
        return {**so_far, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    finish_of(ended)  # raises where all that the model did was a call that no tool takes
    return {**so_far, "status": "completed", "completed_at": int(time.time())}


def _failure(error: Exception, output: Output) -> Object:
    problem = problem_of(error)
    if problem.status == 500:
        _log.error("a response failed", exc_info=error)
    return {
        "status": "failed",
        "output": output.items,
        "error": {"code": "server_error", "message": problem.message},
    }


def _usage(usage: Usage) -> Object:
    """Tokens of reasoning are among the output's. They are not counted apart."""
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt + usage.completion,
    }
