"""The bodies of a message and of a count of its tokens, and what their fields mean to a model.

Fields that Anthropic knows and this server does not support are not among these, so that a request with them is refused
by name. A few that cannot change an answer are taken and passed over; so is `cache_control`, since what was read before
is always found again here.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from demiurgic.chat.protocol import Named, ReplyOptions, ToolChoice
from demiurgic.messages import Tool
from demiurgic_server.anthropic.blocks_wire import Texts, TurnBody
from demiurgic_server.wire import Body, Count, Object, Share, StopText, Tolerant, distinct


def _client_tool(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    if isinstance(value, str) and value != "custom":
        raise PydanticCustomError("server_tool", "tools of the kind {kind} are not supported here", {"kind": value})
    return value


class ToolBody(Body):
    """A tool that may be called. Every call satisfies its schema, whether that is asked for or not."""

    type: Annotated[Literal["custom"] | None, BeforeValidator(_client_tool)] = None
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    description: str | None = None
    input_schema: Object
    cache_control: Object | None = None
    strict: bool | None = None
    eager_input_streaming: bool | None = None
    defer_loading: Literal[False] | None = None
    allowed_callers: list[Literal["direct"]] | None = None


class AutoChoice(Body):
    """The model decides."""

    type: Literal["auto"]
    disable_parallel_tool_use: bool = False


class AnyChoice(Body):
    """Some tool must be called."""

    type: Literal["any"]
    disable_parallel_tool_use: bool = False


class ToolChosen(Body):
    """This tool must be called."""

    type: Literal["tool"]
    name: str
    disable_parallel_tool_use: bool = False


class NoChoice(Body):
    """No tool may be called."""

    type: Literal["none"]


class ThinkingOff(Body):
    """Answer at once."""

    type: Literal["disabled"]


class ThinkingOn(Body):
    """Think first, if the model can. `max_tokens` bounds thoughts and answer together; there is no other bound."""

    type: Literal["enabled", "adaptive"]
    budget_tokens: Annotated[int, Field(ge=1024)] | None = None
    display: Literal["summarized", "omitted"] | None = None


class AnswerFormat(Body):
    """What the answer must look like."""

    type: Literal["json_schema"]
    schema_: Annotated[Object, Field(alias="schema")]


class OutputConfig(Body):
    """What the answer should be like. How much effort goes into it is the model's own affair."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: AnswerFormat | None = None


class CountBody(Body):
    """A request for the number of a conversation's tokens."""

    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[TurnBody], Field(min_length=1)]
    system: Texts | None = None
    tools: list[ToolBody] | None = None
    tool_choice: Annotated[AutoChoice | AnyChoice | ToolChosen | NoChoice | None, Field(discriminator="type")] = None
    thinking: Annotated[ThinkingOff | ThinkingOn | None, Field(discriminator="type")] = None
    output_config: OutputConfig | None = None
    cache_control: Object | None = None
    speed: Literal["standard"] | None = None

    @property
    def thinks(self) -> bool:
        """Whether the model should think first. Clients that do not ask for that expect no thoughts in the answer."""
        return isinstance(self.thinking, ThinkingOn)


class UserIds(Tolerant):
    """Whom a request is for."""

    user_id: str | None = None


class MessageBody(CountBody):
    """A request for a message."""

    max_tokens: Count
    temperature: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    stop_sequences: Annotated[list[StopText], Field(max_length=64)] | None = None
    stream: bool | None = None
    metadata: UserIds | None = None
    service_tier: Literal["auto", "standard_only"] | None = None

    @property
    def shows_thoughts(self) -> bool:
        """Whether the answer tells what was thought."""
        return not isinstance(self.thinking, ThinkingOn) or self.thinking.display != "omitted"


def tools_of(tools: list[ToolBody] | None) -> list[Tool]:
    """The tools as values. Raises BadField where a name comes twice."""
    return distinct(Tool(tool.name, tool.description or "", tool.input_schema) for tool in tools or ())


def options_of(body: MessageBody) -> ReplyOptions:
    """What the answer should be like."""
    choice, output = body.tool_choice, body.output_config
    return ReplyOptions(
        tool_choice=_choice(body),
        parallel_calls=not (
            isinstance(choice, AutoChoice | AnyChoice | ToolChosen) and choice.disable_parallel_tool_use
        ),
        answer_schema=output.format.schema_ if output is not None and output.format is not None else None,
        max_tokens=body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        stop=tuple(body.stop_sequences or ()),
        think=body.thinks,
    )


def _choice(body: MessageBody) -> ToolChoice:
    match body.tool_choice:
        case ToolChosen(name=name):
            return Named(name)
        case AnyChoice():
            return "required"
        case NoChoice():
            return "none"
        case _:
            return "auto"
