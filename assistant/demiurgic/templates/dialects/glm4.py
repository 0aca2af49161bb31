"""A line with the tool's name, then a JSON object: GLM-4-9B and GLM-4-0414."""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Tool, ToolCall
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader, Vocabulary


@dataclass(frozen=True, slots=True)
class Glm4Calls:
    """A line with the tool's name, then a JSON object: GLM-4-9B and GLM-4-0414."""

    @property
    def parallel(self) -> bool:
        return False

    def grammar(self, rules: CallRules, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
        raise NotImplementedError

    def reader(self, tools: Sequence[Tool], reasoning: Reasoning | None) -> ReplyReader:
        raise NotImplementedError

    def write(self, calls: Sequence[ToolCall]) -> str:
        raise NotImplementedError
