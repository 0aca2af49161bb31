"""What a session's records come to: a tree of turns, of which one path is the conversation.

Nothing here writes. Undoing moves to the turn before, redoing moves back, and a new turn grows from where one is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from demiurgic.agent.events import AgentEvent, Reminded, ToolFinished, TurnEnded, TurnStarted
from demiurgic.agent.sessions.records import (
    Began,
    FilesSaved,
    FilesSettled,
    Happened,
    Record,
    Redone,
    Replaced,
    TurnBegan,
    Undone,
)
from demiurgic.errors import SessionError
from demiurgic.events import ReplyEnded
from demiurgic.messages import Assistant, Message, System, ToolResult, User

_LOST = "Error: this was interrupted before it came to an end. What it had done by then is not known."
_TITLE = 60


@dataclass(slots=True)
class Turn:
    """One thing that the user said, and all that came of it."""

    began: TurnBegan
    records: list[Happened | Replaced] = field(default_factory=list[Happened | Replaced])
    files: list[str] = field(default_factory=list[str])
    """States of the workspace: the first is from before the turn changed anything."""

    @property
    def ended(self) -> bool:
        """Whether it came to its end; if not, the program was killed."""
        return any(isinstance(record, Happened) and isinstance(record.event, TurnEnded) for record in self.records)

    def events(self) -> Iterator[AgentEvent]:
        """What is to be shown of it."""
        yield TurnStarted(self.began.text)
        yield from (record.event for record in self.records if isinstance(record, Happened))


@dataclass(frozen=True, slots=True)
class Move:
    """Back or forth by one turn, and the state that the workspace goes to; empty where none was saved."""

    turn: int
    files: str


class History:
    """Everything that a session's file says."""

    def __init__(self, began: Began) -> None:
        self.began = began
        self.turns: dict[int, Turn] = {}
        self.head = 0
        """The turn where one is; 0 before the first."""
        self.unsettled = ""
        """The state that the workspace must still be brought to, because a crash came between."""
        self._undone: list[Move] = []

    def take(self, record: Record) -> None:
        """One more record. Raises SessionError where it does not fit to those before."""
        match record:
            case TurnBegan():
                if record.turn in self.turns or (record.parent and record.parent not in self.turns):
                    raise SessionError(f"the session {self.began.id} tells of turn {record.turn} in a wrong place")
                self.turns[record.turn] = Turn(record)
                self.head, self._undone = record.turn, []
            case Happened() | Replaced():
                self._current().records.append(record)
            case FilesSaved(snapshot, anew):
                current = self._current()
                current.files = [snapshot] if anew else [*current.files, snapshot]
            case Undone(turn, files, before):
                self.head = self._turn(turn).began.parent
                self._undone.append(Move(turn, before))
                self.unsettled = files
            case Redone(turn, files):
                self.head = self._turn(turn).began.turn
                self._undone = self._undone[:-1]
                self.unsettled = files
            case FilesSettled():
                self.unsettled = ""
            case Began():
                raise SessionError(f"the session {self.began.id} begins twice")

    def path(self, head: int | None = None) -> list[Turn]:
        """The turns that lead to one, the first first; by default to where one is."""
        turns: list[Turn] = []
        number = self.head if head is None else head
        while number:
            turns.append(self._turn(number))
            number = turns[-1].began.parent
        return turns[::-1]

    def undo(self) -> Move | None:
        """What undoing would do now."""
        if not self.head:
            return None
        return Move(self.head, next(iter(self._current().files), ""))

    def redo(self) -> Move | None:
        """What redoing would do now."""
        return self._undone[-1] if self._undone else None

    def events(self) -> Iterator[AgentEvent]:
        """What is to be shown of the conversation."""
        for turn in self.path():
            yield from turn.events()

    def name(self) -> str:
        """What to call the session in a list."""
        first = next((turn.began.text for turn in self.turns.values()), "")
        line = " ".join(first.split())
        return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"

    def conversation(self, head: int | None = None, *, whole: bool = False) -> list[Message]:
        """The messages up to a turn as the model last saw them; if `whole`, as if nothing had ever been shortened."""
        messages: list[Message] = [System(self.began.system)]
        for turn in self.path(head):
            messages.append(User(turn.began.text))
            for record in turn.records:
                if isinstance(record, Happened):
                    messages.extend(_said(record.event))
                elif not whole:
                    # Another model may have taken over since, with a prompt of its own.
                    messages[1:] = [message for message in record.messages if message.role != "system"]
        return answered(messages)

    def _current(self) -> Turn:
        return self._turn(self.head)

    def _turn(self, number: int) -> Turn:
        if number not in self.turns:
            raise SessionError(f"the session {self.began.id} has no turn {number}")
        return self.turns[number]


def history(records: Sequence[Record], name: str) -> History:
    """What the records of a file come to. Raises SessionError."""
    if not records or not isinstance(records[0], Began):
        raise SessionError(f"{name} holds no session")
    told = History(records[0])
    for record in records[1:]:
        told.take(record)
    return told


def answered(messages: Iterable[Message]) -> list[Message]:
    """The messages, where every call has a result: one that was lost is said to be."""
    whole: list[Message] = []
    waiting: dict[str, str] = {}
    for message in messages:
        if isinstance(message, ToolResult):
            waiting.pop(message.call_id, None)
        else:
            whole.extend(ToolResult(call, name, _LOST) for call, name in waiting.items())
            waiting = {call.id: call.name for call in message.calls} if isinstance(message, Assistant) else {}
        whole.append(message)
    whole.extend(ToolResult(call, name, _LOST) for call, name in waiting.items())
    return whole


def _said(event: AgentEvent) -> Iterator[Message]:
    """What an event adds to the conversation."""
    match event:
        case ReplyEnded(message):
            yield message
        case ToolFinished(call_id, name, text):
            yield ToolResult(call_id, name, text)
        case Reminded():
            yield event.message
        case _:
            pass
