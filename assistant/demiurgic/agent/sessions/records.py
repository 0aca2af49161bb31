"""What a line of a session's file can say. Each is written once and never changed."""

from dataclasses import dataclass, field
from typing import TypeAlias

from demiurgic.agent.events import (
    AgentEvent,
    ApprovalAsked,
    ApprovalGiven,
    Compacted,
    Delegated,
    Reminded,
    StepStarted,
    ToolFinished,
    ToolStarted,
    TurnEnded,
)
from demiurgic.events import ReplyEnded
from demiurgic.messages import Message, Tool

_KEPT = (
    StepStarted,
    ReplyEnded,
    ApprovalAsked,
    ApprovalGiven,
    ToolStarted,
    ToolFinished,
    Reminded,
    Compacted,
    TurnEnded,
)
"""Events that are stored. All others are parts of what these say as a whole, or for the eye only."""


def is_kept(event: AgentEvent) -> bool:
    """Whether an event is stored, be it a helper's."""
    return isinstance(event.event if isinstance(event, Delegated) else event, _KEPT)


@dataclass(frozen=True, slots=True)
class Began:
    """The first line: whose session it is, and what stands above the conversation."""

    id: str
    at: float
    folder: str
    model: str
    system: str
    tools: tuple[Tool, ...] = ()
    forked_from: str = ""
    """The session that this one was copied from."""


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """The user said something. Turns are numbered from 1; `parent` is the turn it follows, 0 for none."""

    turn: int
    parent: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the turn that goes on."""

    at: float
    event: AgentEvent


@dataclass(frozen=True, slots=True)
class Replaced:
    """The conversation was shortened: from here on it is this one."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class FilesSaved:
    """A state of the workspace, as it was at this point of the turn that goes on."""

    snapshot: str
    anew: bool = False
    """It counts as the turn's first: until here nothing was changed but by the user."""


@dataclass(frozen=True, slots=True)
class Undone:
    """The latest turn was taken back. `files` is what the workspace goes back to, `before` what it was until then."""

    turn: int
    files: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Redone:
    """A turn that was taken back counts again."""

    turn: int
    files: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class FilesSettled:
    """The workspace has been brought to where the latest Undone or Redone said."""

    at: float = field(default=0.0)


Record: TypeAlias = Began | TurnBegan | Happened | Replaced | FilesSaved | Undone | Redone | FilesSettled
