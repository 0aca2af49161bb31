"""What a turn of the agent is made of. Terminal, files, HTTP and editors are renderers of this one stream.

A turn begins with `TurnStarted` and ends with exactly one `TurnEnded`; between them every step is a model's reply
(the events of `demiurgic.events`) followed by its tool calls. What is yielded is on disk already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from demiurgic.events import ChatEvent
from demiurgic.messages import Assistant, ToolCall, Usage, User
from demiurgic.tools.protocol import Effect, View


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The user said something."""

    text: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The model is asked for its next reply."""

    number: int


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A call needs the user's word. The turn waits."""

    call: ToolCall
    effects: tuple[Effect, ...]
    view: View
    reason: str
    """Why it is asked, in words for the user."""
    rule: str = ""
    """What "always" would allow from now on in this project; empty where that is not offered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user says to a question. A denial may tell the model what to do instead."""

    kind: Literal["once", "session", "always", "deny"]
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    """The question of a call was answered."""

    call_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A call is carried out."""

    call: ToolCall
    view: View


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """A running program wrote something. For the eye only: not all of it need reach the model."""

    call_id: str
    stream: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A call came to this. `text` is what the model reads."""

    call_id: str
    name: str
    text: str
    failed: bool
    view: View | None = None
    wrote: tuple[str, ...] = ()
    seconds: float = 0.0


Origin: TypeAlias = Literal["user", "files", "notes", "program"]


@dataclass(frozen=True, slots=True)
class Reminded:
    """The model was told something that neither the turn's task nor a tool said."""

    text: str
    origin: Origin = "program"
    """The user, while the turn went on; files that the user named; the project's notes; or this program, such as that
    an answer was cut off."""

    @property
    def message(self) -> User:
        """How the conversation holds it."""
        return User(self.text, reminder=self.origin != "user")


@dataclass(frozen=True, slots=True)
class Delegated:
    """A call is carried out by a helper with a conversation of its own, in which this happened."""

    call_id: str
    event: "AgentEvent"


@dataclass(frozen=True, slots=True)
class Compacted:
    """The conversation was shortened to go on: tokens before and after."""

    before: int
    after: int


class TurnEnd(StrEnum):
    """Why a turn ended."""

    DONE = "done"
    CANCELLED = "cancelled"
    TURN_LIMIT = "turn_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    STUCK = "stuck"  # the same call with the same result, again and again
    CONTEXT = "context"  # the conversation cannot be shortened enough to go on
    ERROR = "error"  # the model or the engine failed; `problem` says how


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The agent waits for the user again."""

    reason: TurnEnd
    message: Assistant
    usage: Usage
    steps: int
    wrote: tuple[str, ...] = ()
    problem: str = ""


AgentEvent: TypeAlias = (
    TurnStarted
    | StepStarted
    | ChatEvent
    | ApprovalAsked
    | ApprovalGiven
    | ToolStarted
    | ToolOutput
    | ToolFinished
    | Reminded
    | Delegated
    | Compacted
    | TurnEnded
)


class Approver(Protocol):
    """Whoever can answer for the user: a terminal, an editor, an HTTP client. Called from the turn's thread."""

    def ask(self, question: ApprovalAsked) -> Answer: ...


class Observer(Protocol):
    """Told of every event before it is yielded, such as a session that writes it to disk."""

    def saw(self, events: Sequence[AgentEvent]) -> None: ...
