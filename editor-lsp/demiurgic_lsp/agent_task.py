"""`demiurgic.agent`: the whole agent at work on a passage, within the editor's progress bar and its questions.

It works on the files of the disk. Conversations with it are for the Agent Client Protocol; this is one task.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pygls.lsp.server import LanguageServer

from demiurgic.agent.agent import Turn
from demiurgic.agent.events import Answer, ApprovalAsked, ToolStarted, TurnEnd, TurnEnded
from demiurgic.chat.lent import lent
from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.chat import open_chat
from demiurgic.compose.desk import open_desk
from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError
from demiurgic.messages import Json
from demiurgic_lsp.actions import command_of
from demiurgic_lsp.asker import LABELS, Asker
from demiurgic_lsp.asking.selection import selection_of
from demiurgic_lsp.asking.wants import Want
from demiurgic_lsp.dialogue import chosen, instruction
from demiurgic_lsp.feature import commands
from demiurgic_lsp.places import open_document, path_of
from demiurgic_lsp.progress import Told, working
from demiurgic_lsp.views import plain

_ANSWERS = {"Allow": Answer("once"), "Allow in this task": Answer("session"), "Reject": Answer("deny")}
_OVER = Answer("deny", "the task was cancelled")


@dataclass(frozen=True, slots=True)
class Errand:
    """What the agent is sent to do, and where."""

    folder: Path
    prompt: str
    model: ChatModel


@dataclass(frozen=True, slots=True)
class AgentTask:
    """One task at a time per request; each permission is asked for in the editor."""

    asker: Asker
    settings_for: Callable[[Path], Settings]

    def register(self, server: LanguageServer) -> None:
        """One command."""
        commands(server, command_of("agent"), self._run)

    async def _run(self, language: LanguageServer, told: Json) -> dict[str, Json]:
        selection = selection_of(told)
        want = self.asker.want(language, "agent", selection)
        path = _saved_file(language, selection.uri)
        words = selection.words or await instruction(language, self.asker.client, want)
        if not words:
            return {"text": "nothing was asked for", "files": []}
        folder = self._folder(path)
        model = await self.asker.models.chat()
        async with working(language, self.asker.client, LABELS["agent"]) as heard:
            ended = await self._ended(language, Errand(folder, _prompt(words, want, path, folder), model), heard)
        if ended.reason is not TurnEnd.DONE:
            raise WorkError(f"the agent stopped: {ended.problem or ended.reason.value}")
        return {"text": ended.message.text, "files": [(folder / name).as_uri() for name in ended.wrote]}

    def _folder(self, path: Path) -> Path:
        inside = [root for root in self.asker.discretion.roots() if path.is_relative_to(root)]
        return max(inside, key=lambda root: len(root.parts)) if inside else path.parent

    async def _ended(self, language: LanguageServer, errand: Errand, heard: Told) -> TurnEnded:
        loop = asyncio.get_running_loop()
        task = _Task(lambda asked: asyncio.run_coroutine_threadsafe(_permission(language, asked), loop))
        try:
            return await asyncio.to_thread(
                task.work, errand, self.settings_for(errand.folder), lambda text: loop.call_soon_threadsafe(heard, text)
            )
        except asyncio.CancelledError:
            task.cancel()
            raise


class _Task:
    """The agent's thread. Satisfies `Approver`; `cancel` comes from any other thread."""

    def __init__(self, permission: Callable[[ApprovalAsked], Future[Answer]]) -> None:
        self._permission = permission
        self._lock = threading.Lock()
        self._cancelled = False
        self._asked: Future[Answer] | None = None
        self._turn: Turn | None = None

    def work(self, errand: Errand, settings: Settings, told: Callable[[str], object]) -> TurnEnded:
        """Do the errand."""
        with closing(open_desk(settings, errand.folder, self, open_model=_lending(errand.model))) as desk:
            turn = desk.say(errand.prompt)
            with self._lock:
                self._turn = turn
                if self._cancelled:
                    turn.cancel()
            for event in turn:
                if isinstance(event, TurnEnded):
                    return event
                if isinstance(event, ToolStarted):
                    told(plain(event.view).split("\n")[0])
        raise WorkError("the agent ended without a word")

    def ask(self, question: ApprovalAsked) -> Answer:
        """The user's answer; none is a refusal. One that comes after the task was cancelled is not heard."""
        with self._lock:
            if self._cancelled:
                return _OVER
            asked = self._asked = self._permission(question)
        try:
            return asked.result()
        except CancelledError:
            return _OVER

    def cancel(self) -> None:
        """End soon, and wait for no answer."""
        with self._lock:
            self._cancelled = True
            if self._asked is not None:
                self._asked.cancel()
            if self._turn is not None:
                self._turn.cancel()


def _lending(model: ChatModel) -> Callable[[Settings, str], ChatModel]:
    """The server's own model, which the agent must leave open; any other by its name."""

    def lend(settings: Settings, name: str) -> ChatModel:
        return open_chat(settings, name) if name else lent(model, lambda: None)

    return lend


async def _permission(language: LanguageServer, asked: ApprovalAsked) -> Answer:
    answer = await chosen(language, f"{asked.reason}\n\n{plain(asked.view)}", tuple(_ANSWERS))
    return _ANSWERS.get(answer or "", Answer("deny"))


def _saved_file(language: LanguageServer, uri: str) -> Path:
    """The file of a document. Raises UserError where the disk does not hold what the user sees."""
    document = open_document(language, uri)
    path = Path(path_of(uri))
    if not path.is_absolute() or not path.is_file():
        raise UserError("the agent works on files, and this document is in none", "save it first")
    if path.read_bytes() != document.source.encode():
        raise UserError(f"{path.name} has changes that are not saved", "save it first; the agent works on files")
    return path


def _prompt(words: str, want: Want, path: Path, folder: Path) -> str:
    passage = want.passage
    where = f"lines {passage.start + 1} to {passage.end} of {path.relative_to(folder)}"
    return f"{words}\n\nThis is about {where}:\n```\n{passage.text}\n```"
