"""Conversations whose forms give calls no ids: each call is numbered, and the next result is its own."""

import json

from demiurgic.messages import Assistant, Json, JsonObject, Message, ToolCall, ToolResult
from demiurgic.messages_json import NoMessage


class Talk:
    """A conversation as it is being read."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._open: list[ToolCall] = []
        self._calls = 0

    def say(self, message: Message) -> None:
        """Add what somebody said."""
        self.messages.append(message)

    def call(self, name: str, arguments: JsonObject) -> None:
        """The assistant calls a tool. What it said just before is of the same message."""
        self._calls += 1
        call = ToolCall(f"call-{self._calls}", name, arguments)
        self._open.append(call)
        match self.messages[-1:]:
            case [Assistant(text, reasoning, calls)]:
                self.messages[-1] = Assistant(text, reasoning, (*calls, call))
            case _:
                self.messages.append(Assistant(calls=(call,)))

    def result(self, value: Json) -> None:
        """The tool's answer. Raises NoMessage where nothing was called."""
        if not self._open:
            raise NoMessage("there is a result, and nothing was called before it")
        call = self._open.pop(0)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self.messages.append(ToolResult(call.id, call.name, text))
