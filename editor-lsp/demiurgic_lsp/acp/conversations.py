"""All conversations that one editor has open, and those that it could open. Used in the event loop's thread."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from acp import Client
from acp.schema import SessionInfo

from demiurgic.agent.sessions.shelf import Shelf, Summary
from demiurgic.compose.desk import OpenModel
from demiurgic.config import ServerSetting, Settings
from demiurgic.errors import NoSuchSession
from demiurgic.workspace.state import known_projects
from demiurgic_lsp.acp.conversation import Conversation, Wanted
from demiurgic_lsp.acp.editor import Abilities, Editor
from demiurgic_lsp.acp.errors import telling_the_client, wrong_input
from demiurgic_lsp.acp.names import Names


@dataclass(frozen=True, slots=True)
class Means:
    """What conversations are made of."""

    settings: Callable[[Path], Settings]
    """Those that hold in a folder."""
    state_dir: Path
    open_model: OpenModel


class Conversations:
    """Those of one editor."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._open: dict[str, Conversation] = {}

    async def begin(self, client: Client, abilities: Abilities, wanted: Wanted) -> Conversation:
        """Begin one, or go on with one. Raises RequestError."""
        if wanted.session in self._open:  # the editor lost sight of it
            await self.close(wanted.session)
        editor = Editor(client, abilities, asyncio.get_running_loop())
        with telling_the_client():
            conversation = Conversation(wanted, Names(self._means.state_dir, wanted.folder), editor)
            await conversation.open(self._means.open_model)
        self._open[conversation.id] = conversation
        return conversation

    def get(self, name: str) -> Conversation:
        """One that is open. Raises RequestError."""
        with telling_the_client():
            if name not in self._open:
                raise NoSuchSession(f"no conversation {name!r} is open", "open it: session/load")
        return self._open[name]

    def cancel(self, name: str) -> None:
        """End soon what goes on in one. One that is not open has nothing to end."""
        if name in self._open:
            self._open[name].cancel()

    async def close(self, name: str) -> None:
        """Close one. Raises RequestError."""
        conversation = self.get(name)
        del self._open[name]
        await conversation.close()

    async def leave(self) -> None:
        """The editor has left: whatever goes on ends, and all is closed."""
        conversations, self._open = tuple(self._open.values()), {}
        await asyncio.gather(*(conversation.close(left=True) for conversation in conversations))

    async def listed(self, folder: str | None) -> list[SessionInfo]:
        """Those of a folder, or of all, the latest first. Such as nobody has said anything in are left out."""
        summaries = await asyncio.to_thread(self._summaries, folder)
        return [
            SessionInfo(
                session_id=summary.id,
                cwd=folder or summary.folder,
                title=summary.title,
                updated_at=datetime.fromtimestamp(summary.changed, UTC).isoformat(),
            )
            for summary in summaries
        ]

    def wanted(self, folder: str, servers: tuple[ServerSetting, ...], session: str = "") -> Wanted:
        """What an editor asks for. Raises RequestError where that is no folder."""
        return Wanted(folder_of(folder), self._means.settings, servers, session)

    def _summaries(self, folder: str | None) -> Sequence[Summary]:
        folders = [folder_of(folder)] if folder else known_projects(self._means.state_dir)
        found = [summary for one in folders for summary in Shelf(self._means.state_dir, one).list()]
        said = [summary for summary in found if summary.turns and not summary.problem]
        return sorted(said, key=lambda summary: summary.changed, reverse=True)


def folder_of(text: str) -> Path:
    """The folder that an editor names. Raises RequestError."""
    folder = Path(text)
    if "\0" in text or not folder.is_absolute():
        raise wrong_input(f"cwd: {text!r} is no absolute path")
    if not folder.is_dir():
        raise wrong_input(f"cwd: {text} is no folder")
    return folder
