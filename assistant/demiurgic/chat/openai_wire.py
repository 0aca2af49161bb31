"""The wire format of OpenAI's chat completions, and how the servers that speak it differ.

Messages are translated here and nowhere else. Reading is lenient: servers leave out fields, repeat them or send them
in the wrong place, and a field that is not what it should be counts as absent. What a reply cannot do without (why
it ended) is asked for by the caller.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from demiurgic.chat.lenient import json_count, json_list, json_object, json_text
from demiurgic.chat.protocol import Named
from demiurgic.chat.remote import Ask, Stopped, Used, WireEvent
from demiurgic.errors import ProviderError
from demiurgic.events import CallDelta, CallStarted, Finish, ReasoningDelta, TextDelta
from demiurgic.messages import Assistant, Json, JsonObject, Message, System, ToolResult, Usage, User
from demiurgic.messages_json import write_tool

Object: TypeAlias = dict[str, Any]

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the servers that speak this protocol."""

    title: str
    key_variable: str
    needs_key: bool = True
    limit_field: str = "max_tokens"
    without_reasoning: JsonObject = field(default_factory=dict[str, Json])
    """Added to the request when the model should not reason."""
    wants_reasoning: bool = False
    """Whether earlier reasoning is to be sent back."""
    declares_parallel: bool = False
    """Whether parallel calls must be asked for; elsewhere they are the default and only switched off."""


_HOSTED: Mapping[str, Dialect] = {
    "api.openai.com": Dialect(
        "OpenAI",
        "OPENAI_API_KEY",
        limit_field="max_completion_tokens",
        without_reasoning={"reasoning_effort": "none"},
    ),
    "openrouter.ai": Dialect("OpenRouter", "OPENROUTER_API_KEY", without_reasoning={"reasoning": {"enabled": False}}),
    "api.z.ai": Dialect(
        "Z.ai", "ZAI_API_KEY", without_reasoning={"thinking": {"type": "disabled"}}, wants_reasoning=True
    ),
    "open.bigmodel.cn": Dialect(
        "Zhipu", "ZHIPUAI_API_KEY", without_reasoning={"thinking": {"type": "disabled"}}, wants_reasoning=True
    ),
}
_OLLAMA_PORT = 11434


def dialect_of(base_url: str) -> Dialect:
    """The dialect of the server at this address: a known host, or one of the usual local servers."""
    address = urlsplit(base_url)
    host = address.hostname or base_url
    if known := _HOSTED.get(host):
        return known
    title = f"{host}:{address.port}" if address.port else host
    if address.port == _OLLAMA_PORT:
        return Dialect(title, "DEMIURGIC_API_KEY", needs_key=False, without_reasoning={"reasoning_effort": "none"})
    return Dialect(
        title,
        "DEMIURGIC_API_KEY",
        needs_key=False,
        without_reasoning={"chat_template_kwargs": {"enable_thinking": False}},
        declares_parallel=True,
    )


def request_body(model: str, ask: Ask, dialect: Dialect) -> tuple[Object, Object]:
    """The request as the SDK's arguments, and what goes into the body beside them."""
    options = ask.options
    body: Object = {
        "model": model,
        "messages": write_messages(ask.conversation, dialect),
    }
    optional: Object = {
        dialect.limit_field: options.max_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "seed": options.seed,
        "stop": list(options.stop) or None,
        "response_format": options.answer_schema and _response_format(options.answer_schema),
    }
    if ask.tools:
        body["tools"] = [write_tool(tool) for tool in ask.tools]
        optional["tool_choice"] = _write_choice(ask)
        if dialect.declares_parallel or not options.parallel_calls:
            body["parallel_tool_calls"] = options.parallel_calls
    body |= {name: value for name, value in optional.items() if value is not None}
    return body, {} if options.think else dict(dialect.without_reasoning)


def write_messages(conversation: tuple[Message, ...], dialect: Dialect) -> list[Object]:
    """The conversation. System messages that open it become one, since many templates take no more."""
    opening = 0
    while opening < len(conversation) and isinstance(conversation[opening], System):
        opening += 1
    written = [_write_message(message, dialect) for message in conversation[opening:]]
    if not opening:
        return written
    text = "\n\n".join(message.text for message in conversation[:opening])
    return [{"role": "system", "content": text}, *written]


def _write_message(message: Message, dialect: Dialect) -> Object:
    match message:
        case System() | User():
            return {"role": message.role, "content": message.text}
        case ToolResult():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        case Assistant():
            return _write_assistant(message, dialect)


def _write_assistant(message: Assistant, dialect: Dialect) -> Object:
    written: Object = {"role": "assistant", "content": message.text}
    if message.calls:
        written["content"] = message.text or None
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _dump(call.arguments)}}
            for call in message.calls
        ]
    if message.reasoning and dialect.wants_reasoning:
        written["reasoning_content"] = message.reasoning
    return written


def _write_choice(ask: Ask) -> Json:
    choice = ask.options.tool_choice
    if isinstance(choice, Named):
        return {"type": "function", "function": {"name": choice.name}}
    return None if choice == "auto" else choice


def _response_format(schema: JsonObject) -> Object:
    named = {"name": "answer", "schema": dict(schema), "strict": _is_strict(schema)}
    return {"type": "json_schema", "json_schema": named}


def _is_strict(schema: Json) -> bool:
    """Whether OpenAI would take the schema as strict: every object is closed and requires all it names."""
    if isinstance(schema, list):
        return all(_is_strict(item) for item in json_list(schema))
    fields = json_object(schema)
    if fields.get("type") == "object":
        names, required = set(json_object(fields.get("properties"))), set(json_list(fields.get("required")))
        if fields.get("additionalProperties") is not False or names != required:
            return False
    return all(_is_strict(value) for value in fields.values())


class ChunkReader:
    """Reads the chunks of one streamed reply, however a call's name and arguments are cut into pieces."""

    def __init__(self) -> None:
        self._slots: dict[int, _Slot] = {}  # by the server's index
        self._begun = 0

    def read(self, chunk: Object) -> Iterator[WireEvent]:
        if usage := json_object(chunk.get("usage")):
            yield Used(_read_usage(usage))
        for choice in json_list(chunk.get("choices"))[:1]:
            delta = json_object(json_object(choice).get("delta"))
            yield from self._read_delta(delta)
            if reason := json_text(json_object(choice).get("finish_reason")):
                yield _read_reason(reason)

    def _read_delta(self, delta: Object) -> Iterator[WireEvent]:
        if reasoning := json_text(delta.get("reasoning_content")) or json_text(delta.get("reasoning")):
            yield ReasoningDelta(reasoning)
        if text := json_text(delta.get("content")) or json_text(delta.get("refusal")):
            yield TextDelta(text)
        for fragment in json_list(delta.get("tool_calls")):
            yield from self._read_fragment(json_object(fragment))

    def _read_fragment(self, fragment: Object) -> Iterator[WireEvent]:
        function = json_object(fragment.get("function"))
        slot = self._slot(fragment.get("index"), json_text(fragment.get("id")))
        arguments = function.get("arguments")
        slot.held += arguments if isinstance(arguments, str) else _dump(arguments) if arguments else ""
        name = json_text(function.get("name"))
        if name and not slot.named:
            slot.named = True
            yield CallStarted(slot.number, slot.id, name)
        if slot.named and slot.held:
            yield CallDelta(slot.number, slot.held)
            slot.held = ""

    def _slot(self, index: Json, id: str) -> "_Slot":
        """The call that a fragment belongs to. Some servers give every call the index 0 and only a new id."""
        place = index if isinstance(index, int) else max(self._slots, default=0)
        slot = self._slots.get(place)
        if slot is None or (id and slot.given_id and id != slot.given_id):
            slot = _Slot(self._begun, id, id or f"call_{uuid.uuid4().hex[:24]}")
            self._begun += 1
            self._slots[place] = slot
        return slot


def whole_events(completion: Object) -> Iterator[WireEvent]:
    """A reply that came as a whole: one chunk that says everything."""
    choices = [json_object(choice) for choice in json_list(completion.get("choices"))]
    yield from ChunkReader().read(
        {**completion, "choices": [{**choice, "delta": choice.get("message")} for choice in choices]}
    )


@dataclass(slots=True)
class _Slot:
    """A call that is being streamed. `held` waits for the name, which must be told first."""

    number: int
    given_id: str
    id: str
    named: bool = False
    held: str = ""


def _read_reason(reason: str) -> Stopped:
    if reason == "content_filter":
        raise ProviderError("the provider's content filter ended the reply", "ask in other words")
    return Stopped(Finish.LENGTH if reason == "length" else Finish.STOP)


def _read_usage(usage: Object) -> Usage:
    details = json_object(usage.get("prompt_tokens_details"))
    return Usage(
        prompt=json_count(usage.get("prompt_tokens")),
        cached=json_count(details.get("cached_tokens")),
        completion=json_count(usage.get("completion_tokens")),
    )


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
