"""One conversation that an editor has open: a desk in a thread of its own, where turns and commands block as they like.

What the event loop calls only begins, stops and awaits. What happens in the thread is told to the editor as it happens.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from acp import update_agent_message_text
from acp.helpers import update_current_mode
from acp.schema import SessionInfoUpdate, SessionModeState, StopReason, UsageUpdate

from demiurgic.agent.agent import Turn
from demiurgic.agent.desk import Desk
from demiurgic.agent.events import TurnEnd, TurnEnded
from demiurgic.compose.desk import DeskOptions, OpenModel, open_desk
from demiurgic.config import ServerSetting, Settings
from demiurgic.errors import DemiurgicError, UserError
from demiurgic.repl.commands import Work, command_in
from demiurgic_lsp.acp.answers import OFFERED, Panel, offered
from demiurgic_lsp.acp.asking import Asking
from demiurgic_lsp.acp.buffers import Buffers
from demiurgic_lsp.acp.editor import Editor, GivenUp
from demiurgic_lsp.acp.errors import failure, telling_the_client, wrong_input
from demiurgic_lsp.acp.modes import mode_of, modes
from demiurgic_lsp.acp.names import Names
from demiurgic_lsp.acp.prompts import Block, text_of
from demiurgic_lsp.acp.telling import Telling

Outcome = TypeVar("Outcome")

_STOPS: dict[TurnEnd, StopReason] = {
    TurnEnd.DONE: "end_turn",
    TurnEnd.STUCK: "end_turn",
    TurnEnd.CANCELLED: "cancelled",
    TurnEnd.TURN_LIMIT: "max_turn_requests",
    TurnEnd.TIME_LIMIT: "max_turn_requests",
    TurnEnd.TOKEN_LIMIT: "max_tokens",
    TurnEnd.CONTEXT: "max_tokens",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an editor wants to have open."""

    folder: Path
    """As the editor calls it."""
    settings: Callable[[Path], Settings]
    servers: tuple[ServerSetting, ...] = ()
    session: str = ""
    """One to go on with; empty begins anew."""


class Conversation:
    """Made in the event loop. What is not marked as the thread's is the event loop's to call."""

    def __init__(self, wanted: Wanted, names: Names, editor: Editor) -> None:
        self._wanted, self._names, self._editor = wanted, names, editor
        self._telling = Telling(wanted.folder)
        self._thread = ThreadPoolExecutor(1, "conversation")
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._busy = False
        self._turn: Turn | None = None
        self._desk: Desk | None = None
        self._warnings: Sequence[str] = ()
        self._title = ""

    @property
    def desk(self) -> Desk:
        """Where it is held."""
        assert self._desk is not None, "a conversation that is not open"
        return self._desk

    @property
    def id(self) -> str:
        """By which the editor knows it."""
        return self._editor.session

    @property
    def modes(self) -> SessionModeState:
        """How much the agent may do unasked, and what else could be chosen."""
        return modes(self.desk.mode)

    async def open(self, open_model: OpenModel) -> None:
        """Open what it needs. Raises whatever prevents that."""
        try:
            await self._run(partial(self._open, open_model))
        except BaseException:  # what is opened by then, be it after the editor has left, is closed again
            self._thread.submit(self._let_go)
            self._thread.shutdown(wait=False)
            raise

    async def show(self) -> None:
        """Tell all that was said and done, from the beginning."""
        await self._run(self._show)

    async def prompt(self, blocks: Sequence[Block]) -> StopReason:
        """Answer. Raises RequestError."""
        if self._busy:
            raise wrong_input("a turn goes on in this conversation", "wait for its end, or cancel it")
        text = text_of(blocks, self.desk.equipment.workspace)
        self._busy = True
        self._cancelled.clear()
        self._editor.resume()
        try:
            with telling_the_client():
                return await self._run(partial(self._answer, text))
        except asyncio.CancelledError:  # the editor has left
            self._stop()
            raise
        finally:
            self._busy = False

    def cancel(self) -> None:
        """End soon what goes on, keeping what came. Any thread."""
        if self._busy:
            self._stop()

    def set_mode(self, name: str) -> None:
        """Change how much the agent may do unasked, also while it works. Raises RequestError."""
        with telling_the_client():
            self.desk.mode = mode_of(name)

    async def close(self, *, left: bool = False) -> None:
        """End it. `left`: the editor has, and nothing can be told any more."""
        self.cancel()
        if left:
            self._editor.leave()
        await self._run(self._let_go)
        self._thread.shutdown(wait=False)

    def _stop(self) -> None:
        with self._lock:
            self._cancelled.set()
            if self._turn is not None:
                self._turn.cancel()
        self._editor.stop()

    async def _run(self, work: Callable[[], Outcome]) -> Outcome:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # From here on it is the thread's.

    def _open(self, open_model: OpenModel) -> None:
        wanted = self._wanted
        settings = wanted.settings(wanted.folder)
        settings = replace(settings, mcp=(*settings.mcp, *wanted.servers))
        asking = Asking(self._editor, self._telling.question, self.cancel)
        options = DeskOptions(
            session=self._names.meant(wanted.session) if wanted.session else "",
            files=lambda disk: Buffers(disk, wanted.folder, self._editor),
        )
        self._desk = desk = open_desk(settings, wanted.folder, asking, options, open_model)
        self._editor.session = wanted.session or desk.session.id
        sandbox = desk.equipment.sandbox
        insecure = (f"the sandbox is {sandbox.name}: {sandbox.warning}",) if sandbox.warning else ()
        self._warnings = (*insecure, *desk.warnings)

    def _let_go(self) -> None:
        if self._desk is not None:
            self._desk.close()

    def _show(self) -> None:
        for event in self.desk.session.events():
            for update in self._telling.told(event, again=True):
                self._editor.tell(update)
        for update in self._telling.rest():  # the program may have been killed in the middle of the last turn
            self._editor.tell(update)

    def _answer(self, text: str) -> StopReason:
        """Whatever becomes of it, what the user has cancelled ends as cancelled."""
        try:
            for warning in self._warnings:
                self._tell(f"*{warning}*\n\n")
            self._warnings = ()
            command = command_in(text)
            stop = self._command(*command) if command else self._say(text)
            self._tell_title()
        except GivenUp:
            return "cancelled"
        except DemiurgicError:
            if self._cancelled.is_set():
                return "cancelled"
            raise
        return "cancelled" if self._cancelled.is_set() else stop

    def _command(self, name: str, argument: str) -> StopReason:
        command = offered(name)
        if command is None:
            raise UserError(f"there is no command {name} here", f"there are {', '.join(one.name for one in OFFERED)}")
        mode, session = self.desk.mode, self.desk.session.id
        command.run(Work(self.desk, Panel(self._tell), cancelled=self._cancelled), argument)
        if self.desk.session.id != session:  # another model goes on in a copy
            self._names.note(self._editor.session, self.desk.session.id)
        if self.desk.mode is not mode:
            self._editor.tell(update_current_mode(self.desk.mode.value))
        if command.moves:
            sizes = dict(self.desk.context())
            used = sizes["context"] - sizes["free"]
            self._editor.tell(UsageUpdate(session_update="usage_update", used=used, size=sizes["context"]))
        return "end_turn"

    def _say(self, text: str) -> StopReason:
        self._telling.context = self.desk.equipment.model.context
        turn = self.desk.say(text)
        with self._lock:
            self._turn = turn
            if self._cancelled.is_set():
                turn.cancel()
        try:
            ended = self._followed(turn)
        finally:
            with self._lock:
                self._turn = None
        if ended.reason is TurnEnd.ERROR and not self._cancelled.is_set():
            raise failure(ended.problem)
        return _STOPS.get(ended.reason, "cancelled")

    def _followed(self, turn: Turn) -> TurnEnded:
        """Tell what happens. A turn that nobody follows any more comes to its end all the same, and is written down."""
        for event in turn:
            try:
                for update in self._telling.told(event):
                    self._editor.tell(update)
            except GivenUp:
                turn.cancel()
            if isinstance(event, TurnEnded):
                return event
        raise AssertionError("a turn ended without saying so")

    def _tell(self, text: str) -> None:
        self._editor.tell(update_agent_message_text(text))

    def _tell_title(self) -> None:
        """What the conversation is called, once it has a name."""
        title = self.desk.session.history.name()
        if title not in ("", self._title):
            self._title = title
            self._editor.tell(SessionInfoUpdate(session_update="session_info_update", title=title))
