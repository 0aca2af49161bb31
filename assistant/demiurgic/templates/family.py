"""What all families share: a dialect for calls, marks for thoughts, and the grammars and readers made of both."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Any, Self

from demiurgic.errors import UnsupportedRequest
from demiurgic.messages import JsonObject, Message, Tool, ToolCall
from demiurgic.templates.dialects import answer_grammar
from demiurgic.templates.protocol import CallRules, Dialect, Reasoning, ReplyReader, Segment, Vocabulary


class Family(ABC):
    """A model family over its dialect. Subclasses name it, say how it ends a turn, and render."""

    family: str
    stops: tuple[str, ...]
    dialect: Dialect | None = None
    reasoning: Reasoning | None = None
    tags: tuple[str, ...] = ()
    """The tags of its calls."""
    keep_thoughts = True
    """Whether the thoughts of earlier turns stay, also where the family's own template drops them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    @property
    def reasons(self) -> bool:
        """Whether it thinks before it answers."""
        return self.reasoning is not None

    @property
    def calls_tools(self) -> bool:
        """Whether it can call tools."""
        return self.dialect is not None

    @property
    def parallel_calls(self) -> bool:
        """Whether one turn may hold several calls."""
        return self.dialect is not None and self.dialect.parallel

    def call_grammar(self, rules: CallRules, *, think: bool = True) -> str:
        """A grammar for a reply in which every call is valid."""
        return self._spoken().grammar(rules, self.vocabulary, self.reply_reasoning(think=think))

    def answer_grammar(self, schema: JsonObject, *, think: bool = True) -> str:
        """A grammar for a reply that is JSON under `schema`."""
        return answer_grammar(schema, self.vocabulary, self.reply_reasoning(think=think))

    def reader(self, tools: Sequence[Tool] = (), *, think: bool = True) -> ReplyReader:
        """A reader of the reply to a prompt rendered with the same arguments."""
        return self._spoken().reader(tools, self.reply_reasoning(think=think))

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        """The calls as the model would write them."""
        return self._spoken().write(calls)

    def reply_reasoning(self, *, think: bool) -> Reasoning | None:
        """How thoughts are marked in the reply, if it may begin with any."""
        return self.reasoning if think else None

    def forgetful(self) -> Self:
        """The same, without the thoughts of earlier turns: as the family's own template renders it."""
        other = copy(self)
        other.keep_thoughts = False
        return other

    @abstractmethod
    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments."""
        ...

    def _spoken(self) -> Dialect:
        if self.dialect is None:
            raise UnsupportedRequest(f"models of the family {self.family} cannot call tools")
        return self.dialect


def declared(tool: Tool) -> dict[str, Any]:
    """A tool as most templates declare it."""
    return {"type": "function", "function": function(tool)}


def function(tool: Tool) -> dict[str, Any]:
    """The inner part of a declaration."""
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON as chat templates print it: keys in their order, no escapes for foreign letters."""
    return json.dumps(value, ensure_ascii=False, indent=indent)
