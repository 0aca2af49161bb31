"""A conversation in Anthropic's blocks as the messages that a model reads.

There, what tools answered stands in the user's turns, and neighbouring messages of one role are one turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from demiurgic.messages import Assistant, Message, System, ToolCall, ToolResult, User
from demiurgic_server.anthropic.blocks_wire import (
    Block,
    RedactedBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    TurnBody,
)
from demiurgic_server.anthropic.messages_wire import CountBody
from demiurgic_server.problems import BadField

_Role = Literal["user", "assistant", "system"]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A block, and where in the request it stands."""

    role: _Role
    block: Block
    where: str


def conversation_of(body: CountBody) -> list[Message]:
    """The messages as values. Raises BadField."""
    system = _text(body.system or ())
    conversation: list[Message] = [System(system)] if system else []
    called: dict[str, str] = {}
    for role, turn in groupby(_placed(body.messages), key=lambda placed: placed.role):
        if role == "assistant":
            said = _assistant(turn)
            called |= {call.id: call.name for call in said.calls}
            conversation.append(said)
        elif role == "user":
            conversation += _user(turn, called)
        else:
            conversation.append(_system(turn))
    if body.messages[-1].role == "assistant":
        raise BadField("messages", "messages: an assistant's own words cannot be continued here; end with a user's")
    return conversation


def _placed(messages: Sequence[TurnBody]) -> Iterator[_Placed]:
    for index, message in enumerate(messages):
        if not message.content and message.role != "assistant":
            raise BadField(f"messages.{index}.content", f"messages.{index}.content: it is empty")
        for place, block in enumerate(message.content):
            yield _Placed(message.role, block, f"messages.{index}.content.{place}")


def _assistant(turn: Iterator[_Placed]) -> Assistant:
    """What was said, in the form in which the runtime knows it: so it is found again, and not read anew."""
    text, reasoning, calls = "", "", list[ToolCall]()
    for placed in turn:
        match placed.block:
            case TextBlock(text=more):
                text += more
            case ThinkingBlock(thinking=more):
                reasoning += more
            case RedactedBlock():
                pass
            case ToolUseBlock() as call:
                calls.append(ToolCall(call.id, call.name, call.input))
            case ToolResultBlock():
                raise _misplaced(placed)
    return Assistant(text.strip() if calls else text, reasoning.strip(), tuple(calls))


@dataclass(slots=True)
class _Said:
    """A user's turn as it grows: neighbouring texts become one message, each result one of its own."""

    messages: list[Message] = field(default_factory=list[Message])
    texts: list[TextBlock] = field(default_factory=list[TextBlock])

    def end_text(self) -> None:
        if self.texts:
            self.messages.append(User(_text(self.texts)))
            self.texts = []


def _user(turn: Iterator[_Placed], called: dict[str, str]) -> list[Message]:
    said = _Said()
    for placed in turn:
        match placed.block:
            case TextBlock() as text:
                said.texts.append(text)
            case ToolResultBlock() as result:
                said.end_text()
                said.messages.append(_result(result, called, placed.where))
            case _:
                raise _misplaced(placed)
    said.end_text()
    return said.messages


def _result(result: ToolResultBlock, called: dict[str, str], where: str) -> ToolResult:
    if result.tool_use_id not in called:
        field_name = f"{where}.tool_use_id"
        raise BadField(field_name, f"{field_name}: it answers no call that was made before it")
    text = _text(result.content or ())
    return ToolResult(result.tool_use_id, called[result.tool_use_id], f"Error: {text}" if result.is_error else text)


def _system(turn: Iterator[_Placed]) -> System:
    texts: list[TextBlock] = []
    for placed in turn:
        if not isinstance(placed.block, TextBlock):
            raise _misplaced(placed)
        texts.append(placed.block)
    return System(_text(texts))


def _misplaced(placed: _Placed) -> BadField:
    return BadField(placed.where, f"{placed.where}: a message of the {placed.role} holds no {placed.block.type} block")


def _text(blocks: Sequence[TextBlock]) -> str:
    return "\n".join(block.text for block in blocks)
