"""What a tool is: it says first what a call would do, and does it only then.

`plan` touches nothing. What it returns is what permissions judge, what the user is shown, and what `run` carries out,
so that nobody approves one thing and gets another.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from demiurgic.messages import JsonObject, Tool
from demiurgic.sandbox.protocol import Kernel, OnOutput, Sandbox
from demiurgic.workspace.protocol import Workspace


class EffectKind(StrEnum):
    """The ways in which a call can touch the world."""

    READ = "read"  # a path
    WRITE = "write"  # a path
    DELETE = "delete"  # a path
    RUN = "run"  # a program in the sandbox: target is the command line
    FETCH = "fetch"  # a URL
    EXTERNAL = "external"  # a program outside the sandbox, such as an MCP server's tool: target is its name


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a call would touch. A path inside the workspace is relative; one outside is absolute."""

    kind: EffectKind
    target: str


# What the user sees of a call. The model sees only the outcome's text.


@dataclass(frozen=True, slots=True)
class DiffView:
    """A file before and after. `before` is None for a new file, `after` None for a deleted one."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class CommandView:
    """A program, as it will be run."""

    command: str
    folder: str = "."


@dataclass(frozen=True, slots=True)
class TextView:
    """Anything else: a title, and perhaps a text with the language that it is written in."""

    title: str
    text: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class TodoView:
    """The plan: each item with its state, one of `pending`, `active`, `done`."""

    items: tuple[tuple[str, str], ...]


View: TypeAlias = DiffView | CommandView | TextView | TodoView


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to."""

    text: str
    """For the model. Says what was cut, and how to see more."""
    failed: bool = False
    view: View | None = None
    """For the user, where the plan's view does not say it all."""
    wrote: tuple[str, ...] = ()
    """Files that were written or deleted."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a tool may say: a share of what is left of the context, counted in real tokens."""

    tokens: int
    count: Callable[[str], int]


def _anything(path: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that a tool may touch."""

    workspace: Workspace
    sandbox: Sandbox
    kernel: Callable[[], Kernel]
    """The session's Python kernel, started when it is first asked for."""
    budget: Budget
    cancel: threading.Event
    on_output: OnOutput | None = None
    seen: Mapping[str, str] = field(default_factory=dict[str, str])
    """Files that the model has read or written, with the hash of what it saw."""
    may_read: Callable[[str], bool] = _anything
    """Whether a file of the workspace may be read without asking: a tool that looks into many leaves out the others."""


class Plan(Protocol):
    """A call that was checked and can be carried out."""

    @property
    def effects(self) -> Sequence[Effect]: ...

    @property
    def view(self) -> View: ...

    def run(self, around: Surroundings) -> Outcome:
        """Do it. Raises ToolFailed where the model should hear why it did not work."""
        ...


class AgentTool(Protocol):
    """Something the model may call."""

    @property
    def spec(self) -> Tool:
        """Name, description and schema, as the model sees them."""
        ...

    def plan(self, arguments: JsonObject, around: Surroundings) -> Plan:
        """What the call would do. Changes nothing. Raises ToolFailed where it cannot be done."""
        ...
