"""The body of a request for a response.

Responses are not kept: a conversation is sent as a whole each time, and what refers to an earlier response is refused.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from demiurgic_server.openai.chat_wire import AsObject, AsText
from demiurgic_server.openai.kinds import told_apart
from demiurgic_server.wire import Body, Count, Object, Share, Temperature, Tolerant


def _parts(value: object) -> object:
    return [{"type": "input_text", "text": value}] if isinstance(value, str) else value


def _items(value: object) -> object:
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


def _not_kept(value: object) -> object:
    if value is not None:
        raise PydanticCustomError("not_kept", "nothing is kept here between requests; send all of it with each")
    return value


class ItemText(Tolerant):
    """A part of a message or of a tool's output. Images and files are not understood here."""

    type: Literal["input_text", "output_text"]
    text: str


Parts = Annotated[list[ItemText], BeforeValidator(_parts, json_schema_input_type=str | list[ItemText])]


class MessageItem(Tolerant):
    """What somebody said."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Parts


class CallItem(Tolerant):
    """A call that the model made, the arguments as JSON in a text."""

    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class CallOutputItem(Tolerant):
    """What a call came to."""

    type: Literal["function_call_output"]
    call_id: str
    output: Parts


class ReasoningText(Tolerant):
    """A part of what the model thought."""

    type: Literal["reasoning_text"]
    text: str


class ReasoningItem(Tolerant):
    """What the model thought. Its summaries, and what is encrypted in it, are passed over."""

    type: Literal["reasoning"]
    content: list[ReasoningText] | None = None


Item = Annotated[
    MessageItem | CallItem | CallOutputItem | ReasoningItem,
    BeforeValidator(
        told_apart(
            "message",
            message=MessageItem,
            function_call=CallItem,
            function_call_output=CallOutputItem,
            reasoning=ReasoningItem,
        )
    ),
]


class FunctionTool(Body):
    """A function that may be called."""

    type: Literal["function"]
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]
    description: str | None = None
    parameters: Object | None = None
    strict: bool | None = None


class NamedFunction(Body):
    """The one that must be called."""

    type: Literal["function"]
    name: str


class SchemaFormat(Body):
    """JSON that satisfies a schema."""

    type: Literal["json_schema"]
    name: str
    description: str | None = None
    schema_: Annotated[Object, Field(alias="schema")]
    strict: bool | None = None


_chosen = told_apart(function=NamedFunction)


def _choice(value: object) -> object:
    if isinstance(value, str) and value not in ("none", "auto", "required"):
        raise PydanticCustomError("choice", "it must be none, auto, required or a function")
    return value if isinstance(value, str) else _chosen(value)


class TextWishes(Body):
    """What the answer should look like."""

    format: (
        Annotated[
            AsText | AsObject | SchemaFormat,
            BeforeValidator(told_apart(text=AsText, json_object=AsObject, json_schema=SchemaFormat)),
        ]
        | None
    ) = None
    verbosity: Literal["medium"] | None = None


class ReasoningWishes(Body):
    """Whether the model should think first. It is told in full, so no other summary than `auto` can be had."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto"] | None = None


class StreamWishes(Body):
    """What a stream tells besides."""

    include_obfuscation: bool | None = None


NotKept = Annotated[None, BeforeValidator(_not_kept)]


class ResponseBody(Body):
    """A request for a response."""

    input: Annotated[list[Item], Field(min_length=1), BeforeValidator(_items, json_schema_input_type=str | list[Item])]
    model: str | None = None
    instructions: str | None = None
    tools: list[Annotated[FunctionTool, BeforeValidator(told_apart(function=FunctionTool))]] | None = None
    tool_choice: Annotated[Literal["none", "auto", "required"] | NamedFunction, BeforeValidator(_choice)] | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Count | None = None
    text: TextWishes | None = None
    reasoning: ReasoningWishes | None = None
    max_output_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    truncation: Literal["disabled"] | None = None
    include: list[Literal["reasoning.encrypted_content"]] | None = None
    stream: bool | None = None
    stream_options: StreamWishes | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    service_tier: Literal["auto", "default"] | None = None
    store: bool | None = None
    background: Literal[False] | None = None
    previous_response_id: NotKept = None
    conversation: NotKept = None
    prompt: NotKept = None
