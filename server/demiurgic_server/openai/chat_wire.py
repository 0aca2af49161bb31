"""The body of a chat completion, and what it means to a model.

Fields that OpenAI knows and this server does not support are not among these, so that a request with them is refused by
name. A few that cannot change an answer are taken and passed over.
"""

from typing import Annotated, Literal

from pydantic import Field

from demiurgic.chat.protocol import Bending, Named, ReplyOptions, ToolChoice
from demiurgic.messages import Assistant, JsonObject, Message, System, Tool, ToolCall, ToolResult, User
from demiurgic_server.problems import BadField
from demiurgic_server.wire import (
    NO_ARGUMENTS,
    Body,
    Count,
    Object,
    Penalty,
    Seed,
    Share,
    StopText,
    Temperature,
    Tolerant,
    arguments_of,
    distinct,
    seed_of,
    stops_of,
    thinks,
)


class TextPart(Tolerant):
    """A part of a message. Images and sounds are not understood here."""

    type: Literal["text"]
    text: str


Content = str | list[TextPart] | None


class CalledFunction(Tolerant):
    """What was called, the arguments as JSON in a text."""

    name: str
    arguments: str


class Called(Tolerant):
    """A call that the model made."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(Tolerant):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content = None
    name: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[Called] | None = None
    tool_call_id: str | None = None


class FunctionSpec(Tolerant):
    """A function that may be called."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]
    description: str | None = None
    parameters: Object | None = None
    strict: bool | None = None


class ToolSpec(Body):
    """A tool."""

    type: Literal["function"]
    function: FunctionSpec


class ChosenFunction(Body):
    """The one that must be called."""

    name: str


class ChosenTool(Body):
    """The tool that must be called."""

    type: Literal["function"]
    function: ChosenFunction


class NamedSchema(Body):
    """What the answer must look like."""

    name: str
    description: str | None = None
    schema_: Annotated[Object | None, Field(alias="schema")] = None
    strict: bool | None = None


class AsText(Body):
    """Any answer."""

    type: Literal["text"]


class AsObject(Body):
    """Some JSON object."""

    type: Literal["json_object"]


class AsSchema(Body):
    """JSON that satisfies a schema."""

    type: Literal["json_schema"]
    json_schema: NamedSchema


class StreamOptions(Body):
    """What a stream tells besides."""

    include_usage: bool = False
    include_obfuscation: bool | None = None


class TemplateWishes(Body):
    """What local servers let clients say to a template."""

    enable_thinking: bool = True


class ChatBody(Body):
    """A request for a chat completion."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    model: str | None = None
    tools: list[ToolSpec] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: Annotated[AsText | AsObject | AsSchema | None, Field(discriminator="type")] = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    seed: Seed | None = None
    stop: StopText | Annotated[list[StopText], Field(max_length=16)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    chat_template_kwargs: TemplateWishes | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    metadata: dict[str, str] | None = None
    store: Literal[False] | None = None
    service_tier: Literal["auto", "default"] | None = None

    @property
    def answers(self) -> int:
        """How many answers are wanted."""
        return self.n or 1


def conversation_of(messages: list[ChatMessage]) -> list[Message]:
    """The messages as values. Raises BadField."""
    named: dict[str, str] = {}
    conversation: list[Message] = []
    for index, message in enumerate(messages):
        read = _message(message, f"messages.{index}", named)
        if isinstance(read, Assistant):
            named |= {call.id: call.name for call in read.calls}
        conversation.append(read)
    return conversation


def tools_of(tools: list[ToolSpec] | None) -> list[Tool]:
    """The tools as values. Raises BadField where a name comes twice."""
    functions = [tool.function for tool in tools or ()]
    return distinct(Tool(one.name, one.description or "", one.parameters or NO_ARGUMENTS) for one in functions)


def options_of(body: ChatBody, index: int = 0) -> ReplyOptions:
    """What one of the wanted answers should be like."""
    return ReplyOptions(
        tool_choice=_choice(body),
        parallel_calls=body.parallel_tool_calls is not False,
        answer_schema=_schema(body),
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=seed_of(body.seed, index),
        stop=stops_of(body.stop),
        think=_thinks(body),
        bending=Bending(body.frequency_penalty or 0.0, body.presence_penalty or 0.0, bias_of(body.logit_bias)),
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
    )


def text_of(content: Content) -> str:
    """The text of a message's content."""
    if isinstance(content, list):
        return "\n".join(part.text for part in content)
    return content or ""


def bias_of(biases: dict[str, float] | None) -> tuple[tuple[int, float], ...]:
    """What is added to the odds of which tokens. Raises BadField."""
    biases = biases or {}
    if not all(token.isdecimal() and len(token) < 9 for token in biases):
        raise BadField("logit_bias", "logit_bias: its keys are ids of tokens")
    return tuple((int(token), bias) for token, bias in biases.items())


def _message(message: ChatMessage, where: str, named: dict[str, str]) -> Message:
    text = text_of(message.content)
    match message.role:
        case "system" | "developer":
            return System(text)
        case "user":
            return User(text)
        case "assistant":
            calls = tuple(
                _call(call, f"{where}.tool_calls.{place}") for place, call in enumerate(message.tool_calls or ())
            )
            return Assistant(text, message.reasoning_content or "", calls)
        case "tool":
            if not message.tool_call_id or message.tool_call_id not in named:
                raise BadField(f"{where}.tool_call_id", f"{where}: it answers no call that was made before it")
            return ToolResult(message.tool_call_id, named[message.tool_call_id], text)


def _call(call: Called, where: str) -> ToolCall:
    arguments = arguments_of(call.function.arguments, where, f"{where}.function.arguments")
    return ToolCall(call.id, call.function.name, arguments)


def _choice(body: ChatBody) -> ToolChoice:
    if isinstance(body.tool_choice, ChosenTool):
        return Named(body.tool_choice.function.name)
    return body.tool_choice or "auto"


def _schema(body: ChatBody) -> JsonObject | None:
    match body.response_format:
        case AsObject():
            return {"type": "object"}
        case AsSchema(json_schema=named):
            return named.schema_ if named.schema_ is not None else {"type": "object"}
        case _:
            return None


def _thinks(body: ChatBody) -> bool:
    wishes = body.chat_template_kwargs
    return thinks(body.reasoning_effort) and (wishes is None or wishes.enable_thinking)
