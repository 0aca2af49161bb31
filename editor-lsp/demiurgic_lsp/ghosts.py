"""Ghost text, however the editor asks for it: what may be looked at, which model fills the place, what is noted."""

from collections.abc import Callable
from dataclasses import dataclass

from lsprotocol import types
from pygls.workspace import TextDocument

from demiurgic.chat.protocol import ChatModel
from demiurgic.errors import DemiurgicError
from demiurgic_lsp.completion.fillers import filler_for
from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.completion.newest import Newest
from demiurgic_lsp.discretion import Discretion
from demiurgic_lsp.journal import Journal
from demiurgic_lsp.models import Models
from demiurgic_lsp.places import hole_in, path_of
from demiurgic_lsp.wishes import Wishes

ACCEPTED = "demiurgic.accepted"


@dataclass(frozen=True, slots=True)
class Ghost:
    """A text to show, and the command that tells that it was taken. Its lines end with `\n` in every document: editors
    put their own in its place, and some show anything else as a letter."""

    text: str
    accepted: types.Command


@dataclass(slots=True)
class Ghosts:
    """Answers for all open documents. Older questions are cancelled as soon as a newer one comes."""

    models: Models
    wishes: Callable[[], Wishes]
    discretion: Discretion
    journal: Journal
    nearby: Neighbourhood
    _newest: Newest | None = None
    _model: ChatModel | None = None

    async def at(self, document: TextDocument, position: types.Position) -> Ghost | None:
        """What to show there."""
        path, source = path_of(document.uri), document.source
        if not self.wishes().ghost_text or not self.discretion.allows(path, source):
            return None
        hole = hole_in(document, position)  # a copy: the document may change while the model writes
        self.nearby.saw(path, source, position.line)
        try:
            works = await self._asked()
            with self.models.working():
                text = await works.fill(hole)
        except DemiurgicError as error:
            self.models.note(error)
            return None
        if not text:
            return None
        name = self.journal.show(hole, document.language_id or "", text)
        accepted = types.Command("Accepted", ACCEPTED, arguments=[{"id": name}])
        return Ghost(text, accepted)

    def drop(self) -> None:
        """End all that goes on."""
        if self._newest is not None:
            self._newest.drop()

    async def _asked(self) -> Newest:
        model = await self.models.chat()
        if self._newest is None or self._model is not model:
            self.drop()
            self.nearby.shown = ()  # another model has read nothing
            self._model = model
            self._newest = Newest(filler_for(model), self.wishes, self.nearby, told=self.models.wrote)
        return self._newest
