"""What all dialects do alike: ask for a grammar that can be enforced, and give the reader the tools that are known.

Where there are no tools, a reply is text, whatever the dialect.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from demiurgic.messages import Json, Tool, ToolCall
from demiurgic.templates.dialects.enforcing import enforceable, tool_schemas
from demiurgic.templates.dialects.lark import Lark
from demiurgic.templates.dialects.toolbox import Toolbox
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader, Vocabulary

Schemas: TypeAlias = Mapping[str, dict[str, Json]]
"""What may be written as each tool's arguments."""


@dataclass(frozen=True, slots=True)
class Form(ABC):
    """How calls are written, by the three things in which families differ. Satisfies `Dialect`."""

    @property
    def parallel(self) -> bool:
        return False

    @property
    def separator(self) -> str:
        """What the family writes between the text of a turn and its first call, if it ever writes such text."""
        return "\n"

    def grammar(self, rules: CallRules, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
        """A reply in which every call is valid. Raises BadSchema."""
        return enforceable(rules, lambda some: self._whole(some, Lark(vocabulary, reasoning)))

    def reader(self, tools: Sequence[Tool], reasoning: Reasoning | None) -> ReplyReader:
        return self._reader(Toolbox(tools), reasoning)

    def _whole(self, rules: CallRules, lark: Lark) -> str:
        schemas = tool_schemas(rules)
        return lark.finish(self._reply(rules, schemas, lark) if schemas else lark.terminal(lark.free))

    @abstractmethod
    def write(self, calls: Sequence[ToolCall]) -> str:
        """The calls as the model itself would write them."""

    @abstractmethod
    def _reply(self, rules: CallRules, schemas: Schemas, lark: Lark) -> str:
        """An expression for a reply, behind any thoughts, in which these tools may be called."""

    @abstractmethod
    def _reader(self, toolbox: Toolbox, reasoning: Reasoning | None) -> ReplyReader:
        """What reads a reply of this form."""
