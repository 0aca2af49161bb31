"""`textDocument/inlineCompletion`: ghost text where the cursor stands."""

from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled
from pygls.lsp.server import LanguageServer

from demiurgic.agent.permissions.names import is_secret
from demiurgic.errors import DemiurgicError
from demiurgic_lsp.completion.newest import Newest, Superseded
from demiurgic_lsp.models import Models
from demiurgic_lsp.places import hole_in, path_of

_LARGEST = 2_000_000
"""Characters of a document beyond which nothing is offered: such are no programs that people write."""


class InlineCompletion:
    """Ghost text. A document's older questions are answered as cancelled as soon as a newer one comes."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._newest: Newest | None = None

    def register(self, server: LanguageServer) -> None:
        """Without options the capability would not be announced."""

        @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
        async def complete(  # pyright: ignore[reportUnusedFunction] - the server calls it
            language: LanguageServer, params: types.InlineCompletionParams
        ) -> types.InlineCompletionList:
            return types.InlineCompletionList(await self._items(language, params))

    async def _items(
        self, language: LanguageServer, params: types.InlineCompletionParams
    ) -> list[types.InlineCompletionItem]:
        document = language.workspace.get_text_document(params.text_document.uri)
        if is_secret(path_of(document.uri)) or len(document.source) > _LARGEST or "\0" in document.source:
            return []
        hole = hole_in(document, params.position)  # a copy: the document may change while the model writes
        crlf = "\r\n" in document.source
        try:
            text = await (await self._asked()).fill(hole)
        except Superseded as error:
            raise JsonRpcRequestCancelled("a newer question came") from error
        except DemiurgicError as error:
            self._models.note(error)
            return []
        if not text:
            return []
        text = text.replace("\n", "\r\n") if crlf else text
        return [types.InlineCompletionItem(text, range=types.Range(params.position, params.position))]

    async def _asked(self) -> Newest:
        filler = await self._models.filler()
        if self._newest is None or self._newest.filler is not filler:
            self._newest = Newest(filler)
        return self._newest
