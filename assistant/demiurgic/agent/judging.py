"""Whether a call may be carried out. What decides is elsewhere; this is only what the loop must know of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from demiurgic.agent.events import Answer
from demiurgic.modes import Mode
from demiurgic.tools.protocol import Effect


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go ahead."""


@dataclass(frozen=True, slots=True)
class Asks:
    """The user must say. `rule` is what "always" would allow; empty where that is not offered."""

    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """No. `reason` is written for the model."""

    reason: str


Verdict: TypeAlias = Allowed | Asks | Denied


class Judge(Protocol):
    """Knows the rules, and the mode, which the user may change at any time."""

    @property
    def mode(self) -> Mode: ...

    def set_mode(self, mode: Mode) -> None:
        """Raises UserError where a mode cannot be had."""
        ...

    def judge(self, tool: str, effects: Sequence[Effect]) -> Verdict: ...

    def learn(self, tool: str, effects: Sequence[Effect], answer: Answer) -> None:
        """The user answered; what they said may hold from now on."""
        ...
