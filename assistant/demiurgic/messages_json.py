"""Conversations in the JSON form of chat APIs, and back: what sessions are exported as, and what training reads.

What is written is read back as the same values. A reader passes over fields that it does not know; what it cannot take
for a message it refuses, and says what is wrong with it.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from demiurgic.messages import Assistant, Json, JsonObject, Message, System, Tool, ToolCall, ToolResult, User


class NoMessage(ValueError):
    """JSON that is no message, no call or no tool."""


def write_message(message: Message) -> dict[str, Json]:
    """A message as chat APIs know it. A call's arguments stay an object."""
    match message:
        case System(text):
            return {"role": "system", "content": text}
        case User(text, reminder):
            return {"role": "user", "content": text} | ({"reminder": True} if reminder else {})
        case ToolResult(call_id, name, text):
            return {"role": "tool", "tool_call_id": call_id, "name": name, "content": text}
        case Assistant(text, reasoning, calls):
            said: dict[str, Json] = {"role": "assistant", "content": text}
            if reasoning:
                said["reasoning_content"] = reasoning
            if calls:
                said["tool_calls"] = [_write_call(call) for call in calls]
            return said


def write_tool(tool: Tool) -> dict[str, Json]:
    """A tool as chat APIs know it."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def read_conversation(value: Json) -> tuple[Message, ...]:
    """The messages of a list. A result without a name gets that of its call. Raises NoMessage."""
    messages: list[Message] = []
    names: dict[str, str] = {}
    for number, item in enumerate(_list(value, "messages"), 1):
        try:
            message = read_message(item)
        except NoMessage as error:
            raise NoMessage(f"message {number}: {error}") from error
        if isinstance(message, Assistant):
            names |= {call.id: call.name for call in message.calls}
        elif isinstance(message, ToolResult) and item.get("name") is None:
            message = replace(message, name=names.get(message.call_id, ""))
        messages.append(message)
    return tuple(messages)


def read_message(value: Json) -> Message:
    """A message. Raises NoMessage."""
    fields = _object(value, "a message")
    match fields.get("role"):
        case "system":
            return System(_text(fields, "content"))
        case "user":
            return User(_text(fields, "content"), reminder=fields.get("reminder") is True)
        case "tool":
            return ToolResult(_text(fields, "tool_call_id"), _text(fields, "name", ""), _text(fields, "content"))
        case "assistant":
            calls = tuple(map(_read_call, _list(fields.get("tool_calls") or [], "tool_calls")))
            return Assistant(_said(fields, calls), _text(fields, "reasoning_content", ""), calls)
        case role:
            raise NoMessage(f"the role {role!r} is none of system, user, assistant, tool")


def read_tools(value: Json) -> tuple[Tool, ...]:
    """The tools of a list. Raises NoMessage."""
    return tuple(map(read_tool, _list(value, "tools")))


def read_tool(value: Json) -> Tool:
    """A tool, be it wrapped as a function or bare. Raises NoMessage."""
    fields = _object(value, "a tool")
    function = _object(fields.get("function", fields), "a tool's function")
    parameters = _object(function.get("parameters") or {}, "a tool's parameters")
    return Tool(_text(function, "name"), _text(function, "description", ""), parameters)


def json_bytes(value: JsonObject) -> bytes:
    """JSON on one line. Text that is no Unicode, such as a raw file name, makes it spell all letters with escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def from_line(line: bytes) -> dict[str, Json]:
    """The object that a line holds. Raises ValueError where it holds none."""
    try:
        value: Json = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value  # pyright: ignore[reportUnknownVariableType] - JSON has no keys but text


def _write_call(call: ToolCall) -> dict[str, Json]:
    function = {"name": call.name, "arguments": dict(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _read_call(value: Json) -> ToolCall:
    fields = _object(value, "a call")
    function = _object(fields.get("function"), "a call's function")
    return ToolCall(_text(fields, "id", ""), _text(function, "name"), _arguments(function.get("arguments")))


def _arguments(value: Json) -> JsonObject:
    """An object; APIs send it as text that holds one."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except (ValueError, RecursionError) as error:
            raise NoMessage(f"a call's arguments are no JSON: {error}") from error
    return _object(value, "a call's arguments")


def _said(fields: JsonObject, calls: Iterable[ToolCall]) -> str:
    """What only calls has nothing to say: APIs write null then, or nothing."""
    if calls and fields.get("content") is None:
        return ""
    return _text(fields, "content")


def _text(fields: JsonObject, name: str, usual: str | None = None) -> str:
    value = fields.get(name)
    if value is None and usual is not None:
        return usual
    if not isinstance(value, str):
        raise NoMessage(f"{name!r} is {'missing' if value is None else f'{type(value).__name__} instead of text'}")
    return value


def _object(value: Json, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise NoMessage(f"{what} is {type(value).__name__} instead of an object")
    return cast("dict[str, Any]", value)


def _list(value: Json, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise NoMessage(f"{what!r} is {type(value).__name__} instead of a list")
    return cast("list[Any]", value)
