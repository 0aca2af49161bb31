"""What a turn has come to so far, and whether it may go on."""

import time
from dataclasses import dataclass, field, replace

from demiurgic.agent.carrying import Carried
from demiurgic.agent.equipment import Limits
from demiurgic.agent.events import TurnEnd
from demiurgic.agent.repetition import Repetition
from demiurgic.events import ReplyEnded
from demiurgic.messages import Assistant, ToolCall, Usage

_MOST_BROKEN = 3
"""Replies in a row without a call that could be carried out, after which the turn ends."""
_COMMANDS = frozenset(("shell", "python"))
_CHANGES = frozenset(("write", "edit", "rewrite", "rename"))


@dataclass(slots=True)
class Progress:
    """One turn's."""

    asked: str
    """What the user said."""
    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    broken: int = 0
    """Replies in a row without a call that could be carried out."""
    doubted: bool = False
    urged: bool = False
    must_call: bool = False
    """Whether the next reply has to be a call: telling in words was in vain."""
    failed: bool = False
    """Whether the latest call did."""
    broke: bool = False
    """Whether the latest command did."""
    unchanged: bool = False
    """Whether the latest change to a file could not be made, which the model was not told of yet."""
    declined: bool = False
    """Whether something that the model wanted must not be."""
    message: Assistant = field(default_factory=Assistant)
    usage: Usage = field(default_factory=Usage)
    wrote: dict[str, None] = field(default_factory=dict[str, None])
    repetition: Repetition = field(default_factory=Repetition)

    def replied(self, ended: ReplyEnded) -> None:
        """The model has said something."""
        self.message = ended.message
        self.spent(ended.usage)

    def spent(self, usage: Usage) -> None:
        """Tokens of a reply, the turn's own or a helper's."""
        self.usage = replace(
            self.usage,
            prompt=self.usage.prompt + usage.prompt,
            cached=self.usage.cached + usage.cached,
            completion=self.usage.completion + usage.completion,
            drafted=self.usage.drafted + usage.drafted,
            accepted=self.usage.accepted + usage.accepted,
        )

    def carried_out(self, call: ToolCall, carried: Carried) -> None:
        """A call was. One that worked is a new beginning: the model may be urged again."""
        self.broken = 0
        self.wrote |= dict.fromkeys(carried.wrote)
        self.failed = carried.failed
        self.declined = self.declined or carried.declined
        self.urged = self.urged and carried.failed
        if call.name in _COMMANDS:
            self.broke = carried.failed
        if call.name in _CHANGES:
            self.unchanged = carried.failed

    def limit(self, limits: Limits) -> TurnEnd | None:
        """Why the turn may not go on, if so."""
        if self.repetition.stuck or self.broken >= _MOST_BROKEN:
            return TurnEnd.STUCK
        if self.steps >= limits.steps:
            return TurnEnd.TURN_LIMIT
        if limits.tokens is not None and self.usage.completion >= limits.tokens:
            return TurnEnd.TOKEN_LIMIT
        if limits.seconds is not None and time.monotonic() - self.started >= limits.seconds:
            return TurnEnd.TIME_LIMIT
        return None
