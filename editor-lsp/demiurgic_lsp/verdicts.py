"""`demiurgic.accepted` and `demiurgic.rejected`: what became of a ghost text."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pygls.lsp.server import LanguageServer

from demiurgic.errors import UserError
from demiurgic.messages import Json
from demiurgic_lsp.feature import commands, table
from demiurgic_lsp.ghosts import ACCEPTED
from demiurgic_lsp.journal import Journal
from demiurgic_lsp.wishes import Wishes

REJECTED = "demiurgic.rejected"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Editors run the first one when a text is taken; with a length, when only so many letters of it were."""

    journal: Journal
    wishes: Callable[[], Wishes]

    def register(self, server: LanguageServer) -> None:
        """Two commands."""
        commands(server, ACCEPTED, partial(self._judge, taken=True))
        commands(server, REJECTED, partial(self._judge, taken=False))

    async def _judge(self, language: LanguageServer, told: Json, *, taken: bool) -> None:
        said = table(told)
        name, length = said.get("id"), said.get("length")
        if not isinstance(name, str) or not (length is None or type(length) is int):
            raise UserError("a ghost text is named by its id", 'send {"id": …}, as the text\'s own command has it')
        length = length if taken else 0
        verdict = "rejected" if not taken else "accepted" if length is None else "partial"
        self.journal.judge(name, verdict, length, write=self.wishes().journal)
