"""What is shown besides the events of a turn: answers of commands, the output of the user's own commands, and facts
for the status line."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from demiurgic.agent.events import AgentEvent, TurnEnd
from demiurgic.modes import Mode
from demiurgic.tools.protocol import DiffView


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence of our own."""

    text: str
    kind: Literal["info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class Rows:
    """A small table: the first column stands out."""

    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """Output of a command that the user ran, or a text that they asked to see whole."""

    text: str


@dataclass(frozen=True, slots=True)
class Echo:
    """A line that the user typed which is no turn."""

    text: str


Shown: TypeAlias = AgentEvent | Notice | Rows | Printed | Echo | DiffView


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status line tells."""

    model: str = ""
    used: int = 0
    context: int | None = None
    rate: float | None = None
    """Tokens a second of the latest reply."""
    sandbox: str = ""
    guarded: bool = True
    """Whether the sandbox keeps programs from the user's other files."""
    mode: Mode | None = None


ENDS = {
    TurnEnd.CANCELLED: "stopped; what came is kept",
    TurnEnd.TURN_LIMIT: "stopped: as many steps as one turn may take",
    TurnEnd.TOKEN_LIMIT: "stopped: as many tokens as one turn may take",
    TurnEnd.TIME_LIMIT: "stopped: as long as one turn may take",
    TurnEnd.STUCK: "stopped: it went round in circles",
    TurnEnd.CONTEXT: "stopped: the conversation cannot be shortened enough to go on; begin a new one",
}
"""What is said of a turn that did not come to its end by itself."""
