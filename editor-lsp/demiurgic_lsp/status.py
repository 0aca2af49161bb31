"""`demiurgic.status` and `demiurgic/status`: how the model is, for whoever asks and for those who wish to be told."""

import asyncio
from dataclasses import dataclass

from pygls.lsp.server import LanguageServer

from demiurgic.messages import Json
from demiurgic_lsp.client import Client
from demiurgic_lsp.feature import commands
from demiurgic_lsp.journal import Journal
from demiurgic_lsp.models import Models

ASKED, TOLD = "demiurgic.status", "demiurgic/status"
_REST = 0.2
"""Seconds between two messages: what changes within is told once."""


@dataclass(slots=True)
class Status:
    """Tells of changes only to editors of which it is known that they understand."""

    models: Models
    journal: Journal
    client: Client
    _server: LanguageServer | None = None
    _last: dict[str, Json] | None = None
    _soon: asyncio.TimerHandle | None = None

    def register(self, server: LanguageServer) -> None:
        """A command, and messages."""
        self._server = server
        commands(server, ASKED, self._answer)
        if self.client.follows_status:
            self.models.changed = self._changed

    async def _answer(self, language: LanguageServer, _: Json) -> dict[str, Json]:
        return self._now()

    def _now(self) -> dict[str, Json]:
        condition = self.models.condition
        return {
            "model": condition.model,
            "state": condition.state,
            "problem": condition.problem,
            "tokensPerSecond": condition.tokens_per_second,
            "queue": condition.queue,
            "remote": condition.remote,
            "shown": self.journal.shown,
            "accepted": self.journal.accepted,
        }

    def _changed(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_REST, self._tell)

    def _tell(self) -> None:
        self._soon = None
        now = self._now()
        if now != self._last and self._server is not None:
            self._last = now
            self._server.protocol.notify(TOLD, now)
