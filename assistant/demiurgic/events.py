"""What a model's reply is made of, in the order in which it happens.

A reply is a stream of these values that ends with exactly one `ReplyEnded`. Terminal, HTTP, editor and
files are renderers of this one stream.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from demiurgic.messages import Assistant, ToolCall, Usage


class Finish(StrEnum):
    """Why a reply ended."""

    STOP = "stop"  # the model was done, or a stop string was reached
    CALLS = "calls"  # the model waits for the results of its calls
    LENGTH = "length"  # the token limit or the end of the context was reached
    CANCELLED = "cancelled"  # somebody asked for it to end; what came is kept


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """The prompt is being read: `done` of `total` tokens, `cached` of which were known already."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class TokenOdds:
    """A token and its log-probability before sampling bent it. `raw` are its bytes, which need not be whole letters."""

    text: str
    raw: tuple[int, ...]
    logprob: float
    rivals: "tuple[TokenOdds, ...]" = ()
    """The likeliest at its place, where they were asked for."""


@dataclass(frozen=True, slots=True)
class TokensScored:
    """How likely the latest tokens were. Tells of all that was written, whatever it became."""

    tokens: tuple[TokenOdds, ...]


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The model began a call; its arguments follow."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallDelta:
    """More of a call's arguments, as the model wrote them in its own dialect."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class CallFinished:
    """The call is complete and its arguments satisfy the tool's schema."""

    index: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class CallRejected:
    """The model tried to make a call that no tool could take. `problem` says why, in words for the model."""

    index: int
    name: str
    raw: str
    problem: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The reply is whole. `rejected` holds the calls that could not be repaired."""

    message: Assistant
    finish: Finish
    usage: Usage
    rejected: tuple[CallRejected, ...] = ()
    stop_text: str | None = None
    """The text that ended it, where one did: a stop that was asked for, or one of the model's family. Remote models do
    not tell."""


ChatEvent: TypeAlias = (
    PromptProgress
    | ReasoningDelta
    | TextDelta
    | TokensScored
    | CallStarted
    | CallDelta
    | CallFinished
    | CallRejected
    | ReplyEnded
)
