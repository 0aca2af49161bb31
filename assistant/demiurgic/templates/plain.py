"""The fallback for models without a template: a transcript in plain text. No tools."""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, Tool
from demiurgic.templates.family import Family
from demiurgic.templates.protocol import ReadEvent, ReplyReader, Said, Segment
from demiurgic.templates.script import Script

_NAMES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Result"}


class PlainReader:
    """Everything is the answer."""

    def feed(self, text: str) -> list[ReadEvent]:
        """What came."""
        return [Said(text)] if text else []

    def finish(self) -> list[ReadEvent]:
        """Nothing was held back."""
        return []


class Plain(Family):
    """`User:` and `Assistant:`, a blank line between turns."""

    family = "plain"
    stops = ("\nUser:", "\nSystem:", "\nResult:")

    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments."""
        script = Script()
        for index, message in enumerate(conversation):
            script.at = index
            script.markup(f"{_NAMES[message.role]}:")
            if isinstance(message, Assistant):
                script.wrote(f" {message.text}\n")
            else:
                script.content(f" {message.text}\n")
            script.markup("\n")
        script.at = -1
        if generate:
            script.markup("Assistant:")
        return script.done()

    def reader(self, tools: Sequence[Tool] = (), *, think: bool = True) -> ReplyReader:
        """Everything is the answer."""
        return PlainReader()
