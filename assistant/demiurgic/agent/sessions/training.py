"""Sessions as training data: one conversation a line, with calls and results, in the form that chat APIs use."""

from demiurgic.agent.sessions.history import History
from demiurgic.messages_json import json_bytes, write_message, write_tool


def training_line(told: History) -> str:
    """The conversation that counts, as if it had never been shortened."""
    example = {
        "messages": [write_message(message) for message in told.conversation(whole=True)],
        "tools": [write_tool(tool) for tool in told.began.tools],
    }
    return json_bytes(example).decode()
