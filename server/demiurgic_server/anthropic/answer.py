"""A reply as Anthropic tells it: events that build a message block by block, and the message that they build.

A whole answer is folded from the very events that a stream would send, so the two cannot differ.
"""

import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import Literal

from demiurgic.errors import EngineError
from demiurgic.events import CallFinished, ChatEvent, Finish, PromptProgress, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import ToolCall, Usage
from demiurgic_server.anthropic.messages_wire import MessageBody
from demiurgic_server.following import Told
from demiurgic_server.house import Answering
from demiurgic_server.wire import Object

PING: Object = {"type": "ping"}
_Kind = Literal["thinking", "text"]


async def events_of(begun: Answering[ChatEvent], body: MessageBody, pulse: float) -> AsyncGenerator[Object]:
    """The events of a message. After `pulse` seconds in which there was nothing to tell comes a ping, also where the
    model is at work all the while: on a long prompt, or on a call, which is told only when it is whole."""
    blocks, sent, started = Blocks(shows_thoughts=body.shows_thoughts), time.monotonic(), False
    async for happened in begun.events:
        event = happened.event if isinstance(happened, Told) else None
        told = [] if started else [_start(begun.model, event)]
        started = True
        if event is not None:
            told += blocks.tell(event)
        if isinstance(event, ReplyEnded):
            told += [*blocks.close(), _end(event, body), {"type": "message_stop"}]
        if event is None or (not told and time.monotonic() - sent >= pulse):
            told.append(PING)
        for each in told:
            yield each
            sent = time.monotonic()


async def message_of(events: AsyncIterable[Object]) -> Object:
    """The message that the events build. Raises EngineError where they do not end it."""
    message: Object = {}
    async for event in events:
        match event:
            case {"type": "message_start"}:
                message = event["message"]
            case {"type": "content_block_start", "content_block": block}:
                message["content"].append(dict(block))
            case {"type": "content_block_delta", "delta": delta}:
                _grow(message["content"][-1], delta)
            case {"type": "message_delta", "delta": delta, "usage": usage}:
                message |= delta | {"usage": usage}
            case _:
                pass
    if message.get("stop_reason") is None:
        raise EngineError("a reply ended without saying so")
    return message


class Blocks:
    """The blocks of one answer, one after the other.

    A call becomes a block when it is whole. Until then it might turn out to be one that no tool takes, and a client
    that was told of it could not be told that. Blank text alone makes no block.
    """

    def __init__(self, *, shows_thoughts: bool) -> None:
        self._shows_thoughts = shows_thoughts
        self._index = -1
        self._kind: _Kind | None = None
        self._begun = False
        self._blank = ""
        """What stands before the first letter of a block that has not begun."""

    def tell(self, event: ChatEvent) -> Iterator[Object]:
        """What a client hears of this event."""
        match event:
            case ReasoningDelta(text):
                yield from self._more("thinking", text)
            case TextDelta(text):
                yield from self._more("text", text)
            case CallFinished(_, call):
                yield from self.close()
                yield from self._call(call)
            case _:
                pass

    def close(self) -> Iterator[Object]:
        """End the block that is open."""
        if self._begun:
            yield {"type": "content_block_stop", "index": self._index}
        self._kind, self._begun, self._blank = None, False, ""

    def _more(self, kind: _Kind, text: str) -> Iterator[Object]:
        if kind != self._kind:
            yield from self.close()
            self._kind = kind
        if not self._begun:
            self._blank += text
            if not self._blank.strip():
                return
            self._begun, text = True, self._blank
            yield self._open({"type": "text", "text": ""} if kind == "text" else _NO_THOUGHT)
        if text and (kind == "text" or self._shows_thoughts):
            yield self._delta({"type": f"{kind}_delta", kind: text})

    def _call(self, call: ToolCall) -> Iterator[Object]:
        yield self._open({"type": "tool_use", "id": call.id, "name": call.name, "input": {}})
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        yield self._delta({"type": "input_json_delta", "partial_json": arguments})
        yield {"type": "content_block_stop", "index": self._index}

    def _open(self, block: Object) -> Object:
        self._index += 1
        return {"type": "content_block_start", "index": self._index, "content_block": block}

    def _delta(self, delta: Object) -> Object:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}


_NO_THOUGHT: Object = {"type": "thinking", "thinking": "", "signature": ""}


def _start(model: str, event: ChatEvent | None) -> Object:
    """The message before anything is written. What it will cost is told again at its end."""
    read = Usage(event.total, event.cached) if isinstance(event, PromptProgress) else Usage()
    message: Object = {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(read),
    }
    return {"type": "message_start", "message": message}


def _end(ended: ReplyEnded, body: MessageBody) -> Object:
    reason = _reason(ended, body)
    stop = ended.stop_text if reason == "stop_sequence" else None
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": stop},
        "usage": _usage(ended.usage),
    }


def _reason(ended: ReplyEnded, body: MessageBody) -> str:
    """Why a reply ended, in Anthropic's words. Raises EngineError where it failed to make its call."""
    if ended.finish is Finish.LENGTH:
        return "max_tokens" if ended.usage.completion >= body.max_tokens else "model_context_window_exceeded"
    if ended.message.calls:
        return "tool_use"
    if ended.stop_text in (body.stop_sequences or ()):
        return "stop_sequence"
    if ended.rejected:
        raise EngineError(f"the model made a call that no tool takes: {ended.rejected[0].problem}")
    return "end_turn"


def _usage(usage: Usage) -> Object:
    """Here what was known already does not count as input."""
    return {
        "input_tokens": usage.prompt - usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    }


def _grow(block: Object, delta: Object) -> None:
    match delta:
        case {"type": "input_json_delta", "partial_json": arguments}:
            block["input"] = json.loads(arguments)
        case {"type": "thinking_delta", "thinking": text}:
            block["thinking"] += text
        case {"text": text}:
            block["text"] += text
        case _:
            raise AssertionError(delta)
