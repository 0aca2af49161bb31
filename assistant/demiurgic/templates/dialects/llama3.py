"""A bare JSON object as the whole reply: Llama 3.1 and later."""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Tool, ToolCall
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader, Vocabulary


@dataclass(frozen=True, slots=True)
class Llama3Calls:
    """A bare JSON object as the whole reply: Llama 3.1 and later."""

    @property
    def parallel(self) -> bool:
        return False

    def grammar(self, rules: CallRules, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
        raise NotImplementedError

    def reader(self, tools: Sequence[Tool], reasoning: Reasoning | None) -> ReplyReader:
        raise NotImplementedError

    def write(self, calls: Sequence[ToolCall]) -> str:
        raise NotImplementedError
