"""The wire format of Anthropic's messages API. Messages are translated here and nowhere else.

Turns must alternate, so results of calls and what the user says after them share one user turn. The signed thoughts
of a turn that made calls go back with it for as long as they are remembered; other reasoning is never sent back.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from demiurgic.chat.lenient import json_count, json_list, json_object, json_text
from demiurgic.chat.protocol import Named
from demiurgic.chat.remote import Ask, Stopped, Used, WireEvent
from demiurgic.errors import ProviderError, UnsupportedRequest
from demiurgic.events import CallDelta, CallStarted, Finish, ReasoningDelta, TextDelta
from demiurgic.messages import Assistant, Json, Message, System, Tool, ToolResult, Usage, User

Object: TypeAlias = dict[str, Any]

USUAL_ROOM = 32_000
"""Tokens that a reply may take when nothing is asked for; this API wants a number."""
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What the provider says of a model."""

    context: int | None = None
    room: int = USUAL_ROOM
    thinks: bool = True
    """Whether the model can decide by itself how long to think."""
    thinks_always: bool = False
    """Whether its thinking cannot be switched off."""


def read_limits(model: Object) -> ModelLimits:
    """From an entry of the provider's list of models."""
    thinking = json_object(json_object(model.get("capabilities")).get("thinking"))
    kinds = json_object(thinking.get("types"))
    return ModelLimits(
        context=json_count(model.get("max_input_tokens")) or None,
        room=min(USUAL_ROOM, json_count(model.get("max_tokens")) or USUAL_ROOM),
        thinks=json_object(kinds.get("adaptive")).get("supported", True) is True,
        thinks_always=json_object(kinds.get("disabled")).get("supported", True) is False,
    )


class Thoughts:
    """The signed thoughts of recent turns, found by the id of the turn's first call."""

    KEPT = 1000

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, tuple[Object, ...]] = OrderedDict()

    def remember(self, call_id: str, blocks: Sequence[Object]) -> None:
        self._blocks[call_id] = tuple(blocks)
        while len(self._blocks) > self.KEPT:
            self._blocks.popitem(last=False)

    def before(self, message: Assistant) -> tuple[Object, ...]:
        return self._blocks.get(message.calls[0].id, ()) if message.calls else ()


def request_body(model: str, ask: Ask, limits: ModelLimits, thoughts: Thoughts) -> Object:
    """The request as the SDK's arguments. The schema of the answer, which needs the SDK, is not in it."""
    options = ask.options
    thinks = options.think and limits.thinks and not _is_forced(ask)
    body: Object = {
        "model": model,
        "max_tokens": options.max_tokens or limits.room,
        **write_conversation(ask.conversation, thoughts if thinks else Thoughts()),
    }
    if thinks:
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
    elif not limits.thinks_always:
        body["thinking"] = {"type": "disabled"}
    elif not options.think:
        raise UnsupportedRequest(f"{model} always thinks: think cannot be off")
    if options.stop:
        body["stop_sequences"] = list(options.stop)
    if ask.tools:
        body |= {"tools": write_tools(ask.tools), "tool_choice": _write_choice(ask)}
    return body


def write_conversation(conversation: Sequence[Message], thoughts: Thoughts) -> Object:
    """`system` holds what opens the conversation, `messages` the rest, neighbours of one role merged."""
    opening = 0
    while opening < len(conversation) and isinstance(conversation[opening], System):
        opening += 1
    turns: list[Object] = []
    for message in conversation[opening:]:
        role = "user" if isinstance(message, ToolResult) else message.role
        blocks = _write_blocks(message, thoughts)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    system = [block for message in conversation[:opening] for block in _write_blocks(message, thoughts)]
    return {"messages": turns, "system": system} if system else {"messages": turns}


def write_tools(tools: Sequence[Tool]) -> list[Object]:
    return [
        {"name": tool.name, "description": tool.description, "input_schema": dict(tool.parameters)} for tool in tools
    ]


def _write_blocks(message: Message, thoughts: Thoughts) -> list[Object]:
    match message:
        case System() | User():
            return _write_text(message.text)
        case ToolResult():
            result = {"type": "tool_result", "tool_use_id": _safe_id(message.call_id), "content": message.text}
            return [result]
        case Assistant():
            calls = [
                {"type": "tool_use", "id": _safe_id(call.id), "name": call.name, "input": dict(call.arguments)}
                for call in message.calls
            ]
            return [*thoughts.before(message), *_write_text(message.text), *calls]


def _write_text(text: str) -> list[Object]:
    return [{"type": "text", "text": text}] if text.strip() else []  # blank blocks are refused


def _safe_id(call_id: str) -> str:
    """Calls that another model made may have ids that this API does not take."""
    return _NOT_IN_IDS.sub("_", call_id)


def _is_forced(ask: Ask) -> bool:
    return ask.options.tool_choice not in ("auto", "none")


def _write_choice(ask: Ask) -> Object:
    choice = ask.options.tool_choice
    if choice == "none":
        return {"type": "none"}
    one_at_a_time = {"disable_parallel_tool_use": not ask.options.parallel_calls}
    if isinstance(choice, Named):
        return {"type": "tool", "name": choice.name, **one_at_a_time}
    return {"type": "any" if choice == "required" else "auto", **one_at_a_time}


class EventReader:
    """Reads the events of one streamed reply."""

    def __init__(self, thoughts: Thoughts) -> None:
        self._thoughts = thoughts
        self._usage: Object = {}
        self._calls: dict[int, int] = {}  # their number by the index of their block
        self._signed: list[Object] = []

    def read(self, event: Object) -> Iterator[WireEvent]:
        match event.get("type"):
            case "message_start":
                yield self._used(json_object(event.get("message")).get("usage"))
            case "content_block_start":
                yield from self._open(json_count(event.get("index")), json_object(event.get("content_block")))
            case "content_block_delta":
                yield from self._more(json_count(event.get("index")), json_object(event.get("delta")))
            case "message_delta":
                yield self._used(event.get("usage"))
                if reason := json_text(json_object(event.get("delta")).get("stop_reason")):
                    yield _read_reason(reason)
            case _:
                return

    def _open(self, index: int, block: Object) -> Iterator[WireEvent]:
        match block.get("type"):
            case "tool_use":
                number = self._calls[index] = len(self._calls)
                call_id = json_text(block.get("id"))
                if number == 0 and self._signed:
                    self._thoughts.remember(call_id, self._signed)
                yield CallStarted(number, call_id, json_text(block.get("name")))
                if whole := json_object(block.get("input")):
                    yield CallDelta(number, json.dumps(whole, ensure_ascii=False))
            case "thinking":
                self._signed.append({"type": "thinking", "thinking": "", "signature": ""})
                yield from self._more(index, {**block, "type": "thinking_delta"})
            case "redacted_thinking":
                self._signed.append(block)
            case "text":
                yield from self._more(index, {**block, "type": "text_delta"})
            case _:
                return

    def _more(self, index: int, delta: Object) -> Iterator[WireEvent]:
        match delta:
            case {"type": "text_delta", "text": str(text)} if text:
                yield TextDelta(text)
            case {"type": "input_json_delta", "partial_json": str(text)} if text and index in self._calls:
                yield CallDelta(self._calls[index], text)
            case {"type": "thinking_delta", "thinking": str(text)} if text and self._signed:
                self._signed[-1]["thinking"] += text
                yield ReasoningDelta(text)
            case {"type": "signature_delta", "signature": str(text)} if self._signed:
                self._signed[-1]["signature"] += text
            case _:
                return

    def _used(self, usage: Json) -> Used:
        """Later counts replace earlier ones; what a later one leaves out stays."""
        self._usage |= {name: count for name, count in json_object(usage).items() if count is not None}
        return Used(_read_usage(self._usage))


def whole_events(message: Object) -> Iterator[WireEvent]:
    """A reply that came as a whole: blocks that are complete when they begin."""
    reader = EventReader(Thoughts())
    yield from reader.read({"type": "message_start", "message": message})
    for index, block in enumerate(json_list(message.get("content"))):
        yield from reader.read({"type": "content_block_start", "index": index, "content_block": block})
    yield from reader.read({"type": "message_delta", "delta": message, "usage": {}})


def _read_usage(usage: Mapping[str, Any]) -> Usage:
    """This API counts what it had in its cache, and what it put there, beside the prompt's other tokens."""
    cached = json_count(usage.get("cache_read_input_tokens"))
    stored = json_count(usage.get("cache_creation_input_tokens"))
    return Usage(
        prompt=json_count(usage.get("input_tokens")) + cached + stored,
        cached=cached,
        completion=json_count(usage.get("output_tokens")),
    )


def _read_reason(reason: str) -> Stopped:
    if reason == "refusal":
        raise ProviderError("the provider declined to answer", "ask in other words")
    return Stopped(Finish.LENGTH if reason in ("max_tokens", "model_context_window_exceeded") else Finish.STOP)
