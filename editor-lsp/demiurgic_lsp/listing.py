"""`textDocument/completion`: the same texts as entries of a list, for editors that know no ghost text."""

import re
from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic_lsp.feature import answers
from demiurgic_lsp.ghosts import Ghosts
from demiurgic_lsp.places import left_of, open_document, units

_WORD = re.compile(r"\w*$")
_SHOWN = 60
"""Letters of an entry's name; its whole text stands beside it."""


@dataclass(frozen=True, slots=True)
class CompletionList:
    """One entry at most. The list is never complete: with the next key there may be another."""

    ghosts: Ghosts

    def register(self, server: LanguageServer) -> None:
        """Editors ask at letters by themselves; these are where a model knows more than a list of names."""
        options = types.CompletionOptions(trigger_characters=[".", "(", " ", ":", "="])
        answers(server, types.TEXT_DOCUMENT_COMPLETION, self._complete, options)

    async def _complete(self, language: LanguageServer, params: types.CompletionParams) -> types.CompletionList:
        document = open_document(language, params.text_document.uri)
        ghost = await self.ghosts.at(document, params.position)
        if ghost is None:
            return types.CompletionList(is_incomplete=True, items=[])
        word = _WORD.search(left_of(document, params.position))
        begun = word[0] if word else ""
        start = types.Position(params.position.line, params.position.character - units(document, begun))
        whole = begun + ghost.text
        name = whole.strip().split("\n")[0].rstrip()
        entry = types.CompletionItem(
            label=name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…",
            kind=types.CompletionItemKind.Snippet,
            detail="demiurgic",
            documentation=whole.strip("\r\n"),
            filter_text=begun or name,
            sort_text="￿",
            text_edit=types.TextEdit(types.Range(start, params.position), whole),
            command=ghost.accepted,
        )
        return types.CompletionList(is_incomplete=True, items=[entry])
