"""What a template promises: a conversation rendered to text of which every part's author is known.

One renderer serves the runtime, which joins the parts, and training, which learns only what the assistant wrote.
A template knows the wire format of one model family. It knows nothing of engines and of how text is decoded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from demiurgic.messages import JsonObject, Message, Tool, ToolCall


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of rendered text.

    `by_assistant`: the model writes this itself; all of it, its stop token included, is what training may learn.
    `trusted`: written by the template, so special tokens named in it are meant. In other people's text
    they are spelled out, so that nobody can forge a turn.
    `message`: index of the message it renders, -1 for what belongs to none.
    """

    text: str
    by_assistant: bool = False
    trusted: bool = True
    message: int = -1


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a template must know of the model's tokens: the texts that are one special token each."""

    markers: Mapping[str, int]


Choice: TypeAlias = Literal["auto", "required"]


@dataclass(frozen=True, slots=True)
class CallRules:
    """Which calls a grammar lets through. For a named tool, `tools` holds that one and `choice` is required."""

    tools: tuple[Tool, ...]
    choice: Choice
    parallel: bool = True


# What a reader makes of the model's raw text.


@dataclass(frozen=True, slots=True)
class Thought:
    """More reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class CallOpened:
    """A call of a known tool began."""

    name: str


@dataclass(frozen=True, slots=True)
class CallText:
    """More of the open call's arguments, raw."""

    text: str


@dataclass(frozen=True, slots=True)
class CallRead:
    """The open call is whole and satisfies its schema. `native` is false where it came outside the
    family's own form and must be rewritten before it enters the transcript."""

    name: str
    arguments: JsonObject
    native: bool = True


@dataclass(frozen=True, slots=True)
class CallBroken:
    """Something that was meant as a call and cannot be one. `problem` is written for the model."""

    name: str
    raw: str
    problem: str


ReadEvent: TypeAlias = Thought | Said | CallOpened | CallText | CallRead | CallBroken


class ReplyReader(Protocol):
    """Reads one raw reply as it streams in, however it is cut into pieces."""

    def feed(self, text: str) -> list[ReadEvent]: ...

    def finish(self) -> list[ReadEvent]:
        """The reply is over: settle what was held back. An open call becomes CallBroken."""
        ...


class Template(Protocol):
    """One model family's wire format: how a conversation is written, constrained and read."""

    @property
    def family(self) -> str: ...

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts of the tokens that end an assistant's turn."""
        ...

    @property
    def reasons(self) -> bool:
        """Whether the family thinks before it answers."""
        ...

    @property
    def calls_tools(self) -> bool:
        """Whether tools can be declared and called."""
        ...

    @property
    def parallel_calls(self) -> bool:
        """Whether one turn may hold several calls."""
        ...

    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments. With `generate` it ends where the assistant's next words begin.

        What is rendered for a conversation is a prefix of what is rendered for its continuation, wherever the
        family's own format permits that.
        """
        ...

    def call_grammar(self, rules: CallRules, *, think: bool = True) -> str:
        """A Lark grammar for one whole reply in which every call satisfies its tool's schema.

        Raises BadSchema for a schema that cannot be enforced.
        """
        ...

    def answer_grammar(self, schema: JsonObject, *, think: bool = True) -> str:
        """A Lark grammar for one whole reply that is JSON under `schema`, after any reasoning."""
        ...

    def reader(self, tools: Sequence[Tool] = (), *, think: bool = True) -> ReplyReader:
        """A reader for the reply to a prompt rendered with the same arguments."""
        ...

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        """The calls as the model itself would have written them."""
        ...


@dataclass(frozen=True, slots=True)
class Reasoning:
    """How a family marks its thoughts. `prefilled`: the prompt itself ends with the opener."""

    opener: str
    closer: str
    prefilled: bool = False


class Dialect(Protocol):
    """How one family writes tool calls: constrained, read and written in one place.

    `reasoning` is None where the reply cannot or must not begin with thoughts.
    """

    @property
    def parallel(self) -> bool:
        """Whether one turn may hold several calls."""
        ...

    def grammar(self, rules: CallRules, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
        """A Lark grammar for one whole reply in which every call satisfies its tool's schema."""
        ...

    def reader(self, tools: Sequence[Tool], reasoning: Reasoning | None) -> ReplyReader: ...

    def write(self, calls: Sequence[ToolCall]) -> str:
        """The calls as the model itself would write them, after the text of its turn."""
        ...
