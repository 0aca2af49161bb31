"""A conversation that is written down while it goes on.

As an observer it is told of every event before anybody else, and has written it to disk when it returns. What the
model says is written as whole replies: the pieces in which it arrives are only shown.
"""

import time
from collections.abc import Iterator, Sequence

from demiurgic.agent.events import AgentEvent, Compacted, TurnStarted
from demiurgic.agent.sessions.history import History, Move, history
from demiurgic.agent.sessions.log import Log
from demiurgic.agent.sessions.records import (
    FilesSaved,
    FilesSettled,
    Happened,
    Record,
    Redone,
    Replaced,
    TurnBegan,
    Undone,
    is_kept,
)
from demiurgic.errors import SessionError
from demiurgic.messages import Message


class Session:
    """An open session. No other process can write to it until it is closed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._history = history(log.records, str(log.path))
        self._following: Sequence[Message] = ()

    @property
    def id(self) -> str:
        """By which it is found again."""
        return self._history.began.id

    @property
    def history(self) -> History:
        """All that was said and done, for reading."""
        return self._history

    def conversation(self) -> list[Message]:
        """The messages to go on from. Calls that a crash left without a result have one that says so."""
        return self._history.conversation()

    def events(self) -> Iterator[AgentEvent]:
        """What is to be shown of it, as it was shown while it went on."""
        return self._history.events()

    def follow(self, conversation: Sequence[Message]) -> None:
        """Name the conversation that goes on, so that it can be written down when it has been shortened."""
        self._following = conversation

    def saw(self, events: Sequence[AgentEvent]) -> None:
        """Write down what is to be kept. Raises SessionError if that is not possible."""
        now = time.time()
        records: list[Record] = []
        for event in events:
            if isinstance(event, TurnStarted):
                records.append(TurnBegan(len(self._history.turns) + 1, self._history.head, now, event.text))
            elif isinstance(event, Compacted):
                records += Replaced(tuple(self._following)), Happened(now, event)
            elif is_kept(event):
                records.append(Happened(now, event))
        if records:
            self._write(records)

    def files_saved(self, snapshot: str, *, anew: bool = False) -> None:
        """Note a state of the workspace. The first one of a turn is what undoing the turn goes back to; one that is
        taken `anew` counts as the first."""
        if not self._history.head:
            raise SessionError("a state of the files belongs to a turn, and none has begun")
        self._write([FilesSaved(snapshot, anew)])

    def undo(self, before: str = "") -> Move:
        """Take back the latest turn. `before` is the state of the workspace now, for redoing.

        The move is on disk at once; its `files` are to be restored then, and `files_settled` called.
        """
        move = self._history.undo()
        if move is None:
            raise SessionError("there is nothing to undo")
        self._write([Undone(move.turn, move.files, before)])
        return move

    def redo(self, before: str = "") -> Move:
        """Let the turn count again that was taken back last. What `undo` says of files holds here too."""
        move = self._history.redo()
        if move is None:
            raise SessionError("there is nothing to redo")
        self._write([Redone(move.turn, move.files, before)])
        return move

    def files_settled(self) -> None:
        """The workspace is where the latest undoing or redoing said."""
        self._write([FilesSettled(time.time())])

    def close(self) -> None:
        """Let others open it."""
        self._log.close()

    def _write(self, records: Sequence[Record]) -> None:
        self._log.append(records)
        for record in records:
            self._history.take(record)
