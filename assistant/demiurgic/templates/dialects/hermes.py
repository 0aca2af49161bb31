"""Calls as JSON between `<tool_call>` tags: Hermes, Qwen2.5, Qwen3."""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Tool, ToolCall
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader, Vocabulary


@dataclass(frozen=True, slots=True)
class Hermes:
    """Calls as JSON between `<tool_call>` tags: Hermes, Qwen2.5, Qwen3."""

    @property
    def parallel(self) -> bool:
        return True

    def grammar(self, rules: CallRules, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
        raise NotImplementedError

    def reader(self, tools: Sequence[Tool], reasoning: Reasoning | None) -> ReplyReader:
        raise NotImplementedError

    def write(self, calls: Sequence[ToolCall]) -> str:
        raise NotImplementedError
