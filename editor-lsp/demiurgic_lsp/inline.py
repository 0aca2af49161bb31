"""`textDocument/inlineCompletion`: ghost text where the cursor stands."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic_lsp.feature import answers
from demiurgic_lsp.ghosts import Ghosts
from demiurgic_lsp.places import open_document


@dataclass(frozen=True, slots=True)
class InlineCompletion:
    """Announced whatever the client says of itself: some ask without having said that they would."""

    ghosts: Ghosts

    def register(self, server: LanguageServer) -> None:
        """Without options the capability would not be announced."""
        method = types.TEXT_DOCUMENT_INLINE_COMPLETION
        answers(server, method, self._complete, types.InlineCompletionOptions())

    async def _complete(
        self, language: LanguageServer, params: types.InlineCompletionParams
    ) -> types.InlineCompletionList:
        document = open_document(language, params.text_document.uri)
        ghost = await self.ghosts.at(document, params.position)
        if ghost is None:
            return types.InlineCompletionList([])
        here = types.Range(params.position, params.position)
        return types.InlineCompletionList([types.InlineCompletionItem(ghost.text, range=here, command=ghost.accepted)])
