"""Where a user works with the agent: one conversation at a time, written down, with the states of the files beside it.

Front ends talk to this and to nothing behind it. Files and talk go back together.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from demiurgic.agent.agent import Agent, Turn
from demiurgic.agent.equipment import Equipment
from demiurgic.agent.events import AgentEvent, Compacted, Delegated, Observer, ToolStarted, TurnStarted
from demiurgic.agent.sessions.history import Move
from demiurgic.agent.sessions.session import Session
from demiurgic.agent.sessions.shelf import Shelf, Start, Summary
from demiurgic.agent.sessions.training import training_line
from demiurgic.errors import SessionError
from demiurgic.messages import Assistant, Message
from demiurgic.modes import Mode
from demiurgic.tools.protocol import DiffView
from demiurgic.workspace.protocol import Workspace
from demiurgic.workspace.snapshots.state import Change
from demiurgic.workspace.snapshots.store import Snapshots

_LOOKING = frozenset(("read", "search", "list", "todo"))
"""Tools that change no file."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What undoing or redoing came to: what the user had said in that turn, and which files changed back."""

    text: str
    changes: Sequence[Change]
    blocked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Premises:
    """What stays the same whichever model works here."""

    shelf: Shelf
    snapshots: Snapshots | None
    """Without them only the talk can go back."""
    equip: Callable[[str], Equipment]
    """Opens a model by name, with the prompt and the tools that suit it."""
    belongings: ExitStack = field(default_factory=ExitStack)
    """What is closed with the desk."""
    warnings: tuple[str, ...] = ()
    """What the user should know before anything begins."""


class Desk:
    """A folder, a model, and the conversation about it that goes on now."""

    def __init__(self, equipment: Equipment, premises: Premises, session: str = "") -> None:
        """Go on with a session, or begin one. The equipment's model is closed with the desk."""
        self.equipment, self._premises = equipment, premises
        self._shelf, self.snapshots, self.warnings = premises.shelf, premises.snapshots, premises.warnings
        self._session = self._shelf.open(session) if session else self._shelf.new(self._start())
        self.agent = self._agent()
        self._settle()

    @property
    def session(self) -> Session:
        """The conversation that goes on."""
        return self._session

    @property
    def mode(self) -> Mode:
        """How much the agent may do unasked."""
        return self.equipment.judge.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self.equipment.judge.set_mode(mode)

    def say(self, text: str) -> Turn:
        """Begin a turn."""
        return self.agent.turn(text)

    def undo(self) -> Moved:
        """Take back the latest turn: what was said, and what it did to files. Raises SessionError if there is none."""
        if not self._session.history.head:
            raise SessionError("there is nothing to undo")
        return self._move(back=True)

    def redo(self) -> Moved:
        """Let the turn count again that was taken back last."""
        return self._move(back=False)

    def new(self) -> None:
        """Begin a conversation anew."""
        self._switch(self._shelf.new(self._start()))

    def fork(self) -> None:
        """Go on in a copy of the conversation; the one until here stays as it is."""
        self._switch(self._shelf.fork(self._session.id))

    def use(self, name: str) -> None:
        """Go on in a copy of the conversation with another model, and with the prompt and tools that suit it."""
        before, self.equipment = self.equipment, self._premises.equip(name)
        try:
            self._switch(self._shelf.fork(self._session.id, start=self._start()))
        except BaseException:
            self.equipment.model.close()
            self.equipment = before
            raise
        before.model.close()

    def open(self, name: str) -> None:
        """Go on with another conversation."""
        self._switch(self._shelf.open(name))

    def compact(self, cancel: threading.Event) -> Compacted:
        """Begin the conversation anew with what matters of it. The session's file keeps all of it. Cancelled meanwhile,
        it stays as it is: raises SessionError."""
        if not self._session.history.head:
            raise SessionError("there is nothing to shorten yet")
        shortened = self.agent.shorten(cancel)
        if shortened is None:
            raise SessionError("the summary was stopped, so the conversation stays as it is")
        self._session.saw((shortened,))
        return shortened

    def sessions(self) -> Sequence[Summary]:
        """All conversations of this folder, the latest first."""
        return self._shelf.list()

    def context(self) -> list[tuple[str, int]]:
        """What takes how many tokens: the parts, what is free, and the whole."""
        agent, counter = self.agent, self.agent.counter
        roles = {"prompt": "system", "you": "user", "model": "assistant", "tool results": "tool"}
        system = [message for message in agent.conversation if message.role == "system"]
        parts = [("tools", counter.conversation(system, agent.specs) - counter.conversation(system))]
        for name, role in roles.items():
            texts = [_text(message) for message in agent.conversation if message.role == role]
            parts.append((name, counter.text("\n".join(texts))))
        used = agent.used()
        parts.append(("markers", max(0, used - sum(tokens for _, tokens in parts))))
        return [*parts, ("free", max(0, counter.context - used)), ("context", counter.context)]

    def export(self, path: Path) -> None:
        """Add the conversation to a file of training data, as one line. Raises SessionError if nothing was said."""
        if not self._session.history.head:
            raise SessionError("there is nothing to export yet")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{training_line(self._session.history)}\n")

    def close(self) -> None:
        """Let go of everything."""
        with self._premises.belongings:
            self._session.close()
            self.equipment.model.close()

    def _start(self) -> Start:
        tools = tuple(tool.spec for tool in self.equipment.tools.values())
        return Start(self.equipment.model.name, self.equipment.system, tools)

    def _agent(self) -> Agent:
        observers: tuple[Observer, ...] = (self._session, *self.equipment.observers)
        if self.snapshots is not None:
            keeper = _Keeper(self._session, self.snapshots, self.equipment.workspace)
            observers = (self._session, keeper, *self.equipment.observers)
        agent = Agent(replace(self.equipment, observers=observers), self._session.conversation())
        self._session.follow(agent.conversation)
        return agent

    def _switch(self, session: Session) -> None:
        self._session.close()
        self._session = session
        self.agent = self._agent()
        self._settle()

    def _move(self, *, back: bool) -> Moved:
        history = self._session.history
        self._check_kept(history.undo() if back else history.redo())
        now = self.snapshots.take().name if self.snapshots else ""
        move = self._session.undo(now) if back else self._session.redo(now)
        moved = self._settle()
        self.agent.conversation[:] = self._session.conversation()
        return replace(moved, text=history.turns[move.turn].began.text)

    def _check_kept(self, move: Move | None) -> None:
        """Before anything is written down: a session that leads to a lost state could not be opened any more."""
        if move and move.files and self.snapshots is not None and move.files not in self.snapshots.names():
            raise SessionError("the files as they were then are not kept any more", "/fork keeps what is here")

    def _settle(self) -> Moved:
        """Bring the files to where the session says that they are; also after a crash between the two."""
        wanted = self._session.history.unsettled
        if not wanted or self.snapshots is None:
            return Moved("", ())
        if wanted not in self.snapshots.names():  # the crash was so long ago that nobody can know it any more
            self._session.files_settled()
            return Moved("", ())
        restored = self.snapshots.restore(wanted)
        self._session.files_settled()
        return Moved("", restored.changes, restored.blocked)


class _Keeper:
    """Saves the state of the files before a turn touches them."""

    def __init__(self, session: Session, snapshots: Snapshots, workspace: Workspace) -> None:
        self._session, self._snapshots, self._workspace = session, snapshots, workspace
        self._saved: set[str] = set()
        self._changed = False
        """Whether the turn may have changed anything so far."""

    def saw(self, events: Sequence[AgentEvent]) -> None:
        """Before the turn's first change; and once more before a file is written for the first time."""
        for told in events:
            event = told.event if isinstance(told, Delegated) else told
            if isinstance(told, TurnStarted):
                self._changed = False
                self._save(())
            elif isinstance(event, ToolStarted):
                if isinstance(event.view, DiffView):
                    self._keep(event.view.path)
                self._changed = self._changed or event.call.name not in _LOOKING

    def _keep(self, path: str) -> None:
        """What was settled just now is the user's: undoing goes back to it, if nothing else was changed before."""
        settled = self._workspace.settle(path)
        if settled or path not in self._saved:
            self._saved.add(path)
            self._save((path,), anew=settled and not self._changed)

    def _save(self, touched: Sequence[str], *, anew: bool = False) -> None:
        self._session.files_saved(self._snapshots.take(touched).name, anew=anew)


def _text(message: Message) -> str:
    if isinstance(message, Assistant):
        return "\n".join((message.reasoning, message.text, *(str(dict(call.arguments)) for call in message.calls)))
    return message.text
