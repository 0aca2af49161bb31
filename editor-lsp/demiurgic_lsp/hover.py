"""`textDocument/hover`: the explanation of what is there. Editors ask whenever a mouse rests, so the model is asked
only where the user has set that; what was explained before is shown in any case."""

from collections.abc import Callable
from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic_lsp.asker import Asker
from demiurgic_lsp.asking.selection import Selection
from demiurgic_lsp.explanations import Explanations
from demiurgic_lsp.feature import answers
from demiurgic_lsp.places import open_document
from demiurgic_lsp.progress import working
from demiurgic_lsp.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Hover:
    """Explains the definition around a place, or its paragraph."""

    asker: Asker
    explanations: Explanations
    wishes: Callable[[], Wishes]

    def register(self, server: LanguageServer) -> None:
        """One request."""
        answers(server, types.TEXT_DOCUMENT_HOVER, self._hover)

    async def _hover(self, language: LanguageServer, params: types.HoverParams) -> types.Hover | None:
        document = open_document(language, params.text_document.uri)
        line = params.position.line
        if not document.lines or not document.lines[min(line, len(document.lines) - 1)].strip():
            return None
        asks = self.wishes().hover
        if (not asks and self.explanations.empty) or not self.asker.shows(document):
            return None
        want = self.asker.want(language, "explain", Selection(document.uri, line, line))
        text = self.explanations.of(want.passage)
        if text is None and asks:
            async with working(language, self.asker.client, "Explaining") as told:
                text = await self.asker.said(want, told)
            self.explanations.note(want.passage, text)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None
