"""Sessions as training data: one conversation a line, with calls and results, in the form that chat APIs use."""

from collections.abc import Iterator

from demiurgic.agent.sessions.history import History
from demiurgic.messages_json import json_bytes, write_message, write_tool


def training_lines(told: History, *, branches: bool = False) -> Iterator[str]:
    """The conversation that counts; with `branches` also those that were undone or left, each as a whole."""
    heads = told.leaves() if branches else [told.head] if told.head else []
    for head in heads:
        example = {
            "messages": [write_message(message) for message in told.conversation(head, whole=True)],
            "tools": [write_tool(tool) for tool in told.began.tools],
        }
        yield json_bytes(example).decode()
