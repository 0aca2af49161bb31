"""The messages of a conversation as Anthropic writes them, in blocks; a text alone stands for one block of text.

Images and documents are not understood here, and are refused by name.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from demiurgic_server.wire import Body, Object, Tolerant


class TextBlock(Tolerant):
    """Text."""

    type: Literal["text"]
    text: str


def _as_blocks(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


Texts = Annotated[list[TextBlock], BeforeValidator(_as_blocks, json_schema_input_type=str | list[TextBlock])]


class ThinkingBlock(Tolerant):
    """What the model thought. Nobody signs it here."""

    type: Literal["thinking"]
    thinking: str


class RedactedBlock(Tolerant):
    """Thoughts that only another server can read."""

    type: Literal["redacted_thinking"]


class ToolUseBlock(Tolerant):
    """A call that the model made."""

    type: Literal["tool_use"]
    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    input: Object


class ToolResultBlock(Tolerant):
    """What came of a call."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: Texts | None = None
    is_error: bool | None = None


Block = TextBlock | ThinkingBlock | RedactedBlock | ToolUseBlock | ToolResultBlock
_Block = Annotated[Block, Field(discriminator="type")]


class TurnBody(Body):
    """One message of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: Annotated[list[_Block], BeforeValidator(_as_blocks, json_schema_input_type=str | list[_Block])]
