"""What any model looks like to an agent, a server or a terminal: a conversation in, a stream of events out.

The same protocol stands before the local engine and before remote providers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from demiurgic.events import ChatEvent
from demiurgic.messages import JsonObject, Message, Tool


@dataclass(frozen=True, slots=True)
class Named:
    """Only this tool may be called, and it must be."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | Named


@dataclass(frozen=True, slots=True)
class Bending:
    """How the odds of single tokens are changed before one is chosen."""

    frequency: float = 0.0
    """Taken off a token for each time that it was written."""
    presence: float = 0.0
    """Taken off a token that was written at all."""
    bias: tuple[tuple[int, float], ...] = ()
    """Added to these tokens."""


@dataclass(frozen=True, slots=True)
class ReplyOptions:
    """What a caller may ask of one reply. What a model cannot honour raises UnsupportedRequest."""

    tool_choice: ToolChoice = "auto"
    parallel_calls: bool = True
    answer_schema: JsonObject | None = None
    """The answer must be JSON that satisfies this schema."""
    max_tokens: int | None = None
    temperature: float | None = None
    """None: what the model's makers recommend, or greedy where nothing is known."""
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    think: bool = True
    """Whether a model that can reason before it answers should."""
    narrowed: tuple[Tool, ...] = ()
    """Tools of the conversation whose arguments may be less, now, than their schemas say. A model that is bound by a
    grammar keeps to it; none is shown it."""
    constrain: bool = True
    """Whether a model that can be bound by a grammar is, while it calls tools. Without it calls are written freely, and
    those that no tool could take are rejected at once."""
    bending: Bending = Bending()
    """Remote models raise UnsupportedRequest where it is not the usual."""
    logprobs: int | None = None
    """Tell each written token's log-probability, and as many of its rivals, as `TokensScored`. Local models only."""
    top_k: int | None = None
    """Choose among so many of the likeliest tokens; 0: among all. Local models only."""
    draft: str = ""
    """Text that the answer will repeat in long runs, such as the file being rewritten. Changes speed only."""


class Reply(Protocol):
    """One reply under way: iterate over it. It ends with exactly one `ReplyEnded`, or raises."""

    def __iter__(self) -> Iterator[ChatEvent]: ...

    def cancel(self) -> None:
        """Ask for it to end; what came is kept in its `ReplyEnded`. May be called from any thread."""
        ...


class ChatModel(Protocol):
    """A model to talk to."""

    @property
    def name(self) -> str: ...

    @property
    def context(self) -> int | None:
        """Tokens that a conversation may hold, where that is known."""
        ...

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> Reply:
        """Start a reply. Wrong input raises here, before anything is evaluated or sent."""
        ...

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        """Exact tokens of the rendered conversation, as a reply would read it that thinks or does not; None where the
        provider cannot say."""
        ...

    def close(self) -> None: ...
