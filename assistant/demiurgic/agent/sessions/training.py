"""Sessions as training data: one conversation a line, with calls and results, in the form that chat APIs use."""

from collections.abc import Iterator

from demiurgic.agent.sessions.history import History
from demiurgic.agent.sessions.wire import json_bytes
from demiurgic.messages import Assistant, Json, JsonObject, Message, System, Tool, ToolResult, User


def training_lines(told: History, *, branches: bool = False) -> Iterator[str]:
    """The conversation that counts; with `branches` also those that were undone or left, each as a whole."""
    heads = told.leaves() if branches else [told.head] if told.head else []
    for head in heads:
        example = {
            "messages": [_message(message) for message in told.conversation(head, whole=True)],
            "tools": [_tool(tool) for tool in told.began.tools],
        }
        yield json_bytes(example).decode()


def _message(message: Message) -> JsonObject:
    match message:
        case System(text) | User(text):
            return {"role": message.role, "content": text}
        case ToolResult(call_id, name, text):
            return {"role": "tool", "tool_call_id": call_id, "name": name, "content": text}
        case Assistant(text, reasoning, calls):
            said: dict[str, Json] = {"role": "assistant", "content": text}
            if reasoning:
                said["reasoning_content"] = reasoning
            if calls:
                said["tool_calls"] = [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.name, "arguments": dict(call.arguments)},
                    }
                    for call in calls
                ]
            return said


def _tool(tool: Tool) -> JsonObject:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
