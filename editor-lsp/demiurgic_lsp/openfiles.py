"""Documents that are opened and closed: parts of them may help in others."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.discretion import Discretion
from demiurgic_lsp.feature import hears
from demiurgic_lsp.places import path_of


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """Notes what a model may be shown of them."""

    nearby: Neighbourhood
    discretion: Discretion

    def register(self, server: LanguageServer) -> None:
        """Two notifications. Where somebody works in a document is told by what they ask for."""
        hears(server, types.TEXT_DOCUMENT_DID_OPEN, self._opened)
        hears(server, types.TEXT_DOCUMENT_DID_CLOSE, self._closed)

    def _opened(self, language: LanguageServer, params: types.DidOpenTextDocumentParams) -> None:
        path, text = path_of(params.text_document.uri), params.text_document.text
        if self.discretion.allows(path, text):
            self.nearby.saw(path, text, 0)

    def _closed(self, language: LanguageServer, params: types.DidCloseTextDocumentParams) -> None:
        self.nearby.forget(path_of(params.text_document.uri))
