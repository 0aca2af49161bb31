"""Shows again what was said, when a conversation is gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demiurgic.agent.events import Compacted, Reminded, ToolFinished, ToolStarted
from demiurgic.events import ReplyEnded
from demiurgic.repl.front import Front
from demiurgic.repl.items import Echo, Notice

if TYPE_CHECKING:
    from demiurgic.agent.desk import Desk

_SHOWN = (ReplyEnded, ToolStarted, ToolFinished, Reminded, Compacted)
_TURNS = 2


def replay(desk: Desk, front: Front) -> None:
    """The latest turns, and how many there were before them."""
    turns = desk.session.history.path()
    if len(turns) > _TURNS:
        front.show(Notice(f"{len(turns) - _TURNS} earlier turns are not shown"))
    for turn in turns[-_TURNS:]:
        front.show(Echo(turn.began.text))
        for event in turn.events():
            if isinstance(event, _SHOWN):
                front.show(event)
        if not turn.ended:
            front.show(Notice("the program ended in the middle of this turn", "warning"))
