"""The editor, as the thread of one conversation knows it: it is told what happens, asked, and waited for.

Questions are given up when the user stops the turn; what is told goes on until the editor has left.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from acp import Client, RequestError, RequestPermissionResponse
from acp.schema import ClientCapabilities, PermissionOption, ToolCallUpdate
from pydantic import ValidationError

from demiurgic_lsp.acp.updates import Update

_PATIENCE = 10.0
"""Seconds that an editor may take for a file. One that shows a dialogue meanwhile has the file as it lies on disk."""

Thing = TypeVar("Thing")


class GivenUp(Exception):
    """There is no answer: the user has stopped the turn, or the editor has left."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an editor says that it can do for us."""

    reads: bool = False
    writes: bool = False


def abilities_of(said: ClientCapabilities | None) -> Abilities:
    """What of its capabilities matters here."""
    files = said.fs if said else None
    return Abilities(bool(files and files.read_text_file), bool(files and files.write_text_file))


class Editor:
    """Of one conversation. All but `stop`, `resume` and `leave` are called in the conversation's thread, or in threads
    that its tools start; never in the event loop's."""

    def __init__(self, client: Client, abilities: Abilities, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._abilities, self._loop = client, abilities, loop
        self.session = ""
        """The conversation's id. It is known when the conversation is open."""
        self._lock = threading.Lock()
        self._stopped = self._left = False
        self._questions: set[Future[Any]] = set()
        self._told: set[Future[Any]] = set()

    def tell(self, update: Update) -> None:
        """Show something. Raises GivenUp where nobody looks any more."""
        with self._lock:
            if self._left:
                raise GivenUp
            told = self._submit(self._client.session_update(self.session, update), self._told)
        self._waited(told, None)

    def ask(self, call: ToolCallUpdate, options: list[PermissionOption]) -> RequestPermissionResponse:
        """Let the user choose. Raises GivenUp, or RequestError where the editor cannot ask."""
        return self._asked(self._client.request_permission(self.session, call, options), None)

    def read(self, path: Path) -> str | None:
        """Satisfies `OpenFiles`."""
        if not self._abilities.reads:
            return None
        try:
            return self._asked(self._client.read_text_file(self.session, str(path)), _PATIENCE).content
        except (RequestError, ValidationError, TimeoutError, GivenUp):
            return None  # then what is on disk counts

    def write(self, path: Path, text: str) -> bool:
        """Satisfies `OpenFiles`."""
        if not self._abilities.writes:
            return False
        try:
            self._asked(self._client.write_text_file(self.session, str(path), text), _PATIENCE)
        except (RequestError, ValidationError, TimeoutError, GivenUp):
            return False  # then it is written on disk
        return True

    def stop(self) -> None:
        """Give up what is asked, now and until `resume`."""
        with self._lock:
            self._stopped = True
            waiting = tuple(self._questions)
        for question in waiting:
            question.cancel()

    def resume(self) -> None:
        """Another turn begins."""
        with self._lock:
            self._stopped = False

    def leave(self) -> None:
        """The editor has left: nothing is waited for any more."""
        self.stop()
        with self._lock:
            self._left = True
            waiting = tuple(self._told)
        for told in waiting:
            told.cancel()

    def _asked(self, question: Coroutine[Any, Any, Thing], seconds: float | None) -> Thing:
        with self._lock:
            if self._stopped or self._left:
                question.close()
                raise GivenUp
            asked = self._submit(question, self._questions)
        return self._waited(asked, seconds)

    def _submit(self, work: Coroutine[Any, Any, Thing], among: set[Future[Any]]) -> Future[Thing]:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        among.add(future)
        future.add_done_callback(among.discard)
        return future

    def _waited(self, future: Future[Thing], seconds: float | None) -> Thing:
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise
        except (CancelledError, ConnectionError) as error:
            raise GivenUp from error
