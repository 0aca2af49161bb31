"""What the body of a request for a response means to a model.

Clients send the items of earlier responses back one by one. Those that were one turn of the model become one turn
again, exactly as it was, so that its tokens need not be read anew.
"""

from dataclasses import dataclass, field
from typing import assert_never

from demiurgic.chat.protocol import Named, ReplyOptions, ToolChoice
from demiurgic.messages import Assistant, JsonObject, Message, System, Tool, ToolCall, ToolResult, User
from demiurgic_server.openai.chat_wire import AsObject
from demiurgic_server.openai.responses_wire import (
    CallItem,
    CallOutputItem,
    Item,
    ItemText,
    MessageItem,
    NamedFunction,
    ReasoningItem,
    ReasoningText,
    ResponseBody,
    SchemaFormat,
)
from demiurgic_server.problems import BadField
from demiurgic_server.wire import NO_ARGUMENTS, arguments_of, distinct, thinks


def conversation_of(body: ResponseBody) -> list[Message]:
    """The instructions and the items as messages. Raises BadField."""
    reading = _Reading([System(body.instructions)] if body.instructions else [])
    for index, item in enumerate(body.input):
        reading.take(item, f"input.{index}")
    reading.end_turn()
    return reading.messages


def tools_of(body: ResponseBody) -> list[Tool]:
    """The tools as values. Raises BadField where a name comes twice."""
    return distinct(
        Tool(tool.name, tool.description or "", tool.parameters or NO_ARGUMENTS) for tool in body.tools or ()
    )


def options_of(body: ResponseBody) -> ReplyOptions:
    """What the response should be like. Raises BadField where a call must be made that no tool takes."""
    return ReplyOptions(
        tool_choice=_choice(body),
        parallel_calls=body.parallel_tool_calls is not False,
        answer_schema=_schema(body),
        max_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        think=body.reasoning is None or thinks(body.reasoning.effort),
    )


@dataclass(slots=True)
class _Turn:
    """A turn of the model, item by item."""

    text: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    spoke: bool = False
    spoke_last: bool = False
    """Behind a message only a call belongs to the same turn."""

    def message(self) -> Assistant:
        """The turn as the runtime would have told it: blanks around the text of a turn with calls say nothing."""
        return Assistant(self.text.strip() if self.calls else self.text, self.reasoning.strip(), tuple(self.calls))


@dataclass(slots=True)
class _Reading:
    """The conversation so far."""

    messages: list[Message]
    _turn: _Turn | None = None
    _named: dict[str, str] = field(default_factory=dict[str, str])
    """The names of the functions that were called."""

    def take(self, item: Item, where: str) -> None:
        """One item more."""
        match item:
            case ReasoningItem():
                self._next().reasoning += _text(item.content or [])
            case MessageItem(role="assistant"):
                turn = self._next()
                turn.text += _text(item.content)
                turn.spoke = turn.spoke_last = True
            case CallItem():
                self._call(item, where)
            case MessageItem():
                self.end_turn()
                text = _text(item.content)
                self.messages.append(User(text) if item.role == "user" else System(text))
            case CallOutputItem():
                self.end_turn()
                self.messages.append(self._result(item, where))
            case _:
                assert_never(item)

    def end_turn(self) -> None:
        """Somebody else goes on. What was only thought, and led to nothing, is no turn."""
        if self._turn is not None and (self._turn.spoke or self._turn.calls):
            self.messages.append(self._turn.message())
        self._turn = None

    def _next(self) -> _Turn:
        """The turn that goes on with something other than a call."""
        if self._turn is not None and self._turn.spoke_last:
            self.end_turn()
        self._turn = self._turn or _Turn()
        return self._turn

    def _call(self, item: CallItem, where: str) -> None:
        self._turn = self._turn or _Turn()
        arguments = arguments_of(item.arguments, where, f"{where}.arguments")
        self._turn.calls.append(ToolCall(item.call_id, item.name, arguments))
        self._turn.spoke_last = False
        self._named[item.call_id] = item.name

    def _result(self, item: CallOutputItem, where: str) -> ToolResult:
        if item.call_id not in self._named:
            raise BadField(f"{where}.call_id", f"{where}: it answers no call that was made before it")
        return ToolResult(item.call_id, self._named[item.call_id], _text(item.output))


def _text(parts: list[ItemText] | list[ReasoningText]) -> str:
    return "\n".join(part.text for part in parts)


def _choice(body: ResponseBody) -> ToolChoice:
    choice, names = body.tool_choice or "auto", {tool.name for tool in body.tools or ()}
    if isinstance(choice, NamedFunction):
        if choice.name not in names:
            raise BadField("tool_choice.name", f"tool_choice: no tool is called {choice.name!r}")
        return Named(choice.name)
    if choice == "required" and not names:
        raise BadField("tool_choice", "tool_choice: a call is required, but there are no tools")
    return choice


def _schema(body: ResponseBody) -> JsonObject | None:
    match body.text and body.text.format:
        case AsObject():
            return {"type": "object"}
        case SchemaFormat(schema_=schema):
            return schema
        case _:
            return None
