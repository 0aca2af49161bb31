"""Explanations of passages: kept for who hovers over them, and shown in a document of their own."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic_lsp.asking.passage import Passage
from demiurgic_lsp.client import Client

_MOST = 64
_FILES = 16
"""Documents of explanations that are left lying for who still reads them."""


@dataclass(slots=True)
class Explanations:
    """The latest ones. Each holds as long as its passage stays as it was."""

    folder: Path
    client: Client
    _known: "OrderedDict[str, str]" = field(default_factory=lambda: OrderedDict[str, str]())

    @property
    def empty(self) -> bool:
        """Whether nothing was explained yet."""
        return not self._known

    def note(self, passage: Passage, text: str) -> None:
        """This explains it."""
        self._known[_key(passage)] = text
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def of(self, passage: Passage) -> str | None:
        """What explains it, if that is known."""
        return self._known.get(_key(passage))

    async def show(self, language: LanguageServer, title: str, text: str) -> None:
        """Show it to the user: in a document where the editor can, and else as a message."""
        if not self.client.shows_documents:
            language.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        older = sorted(self.folder.glob("*.md"), key=lambda path: path.stat().st_mtime)
        for path in older[: -_FILES + 1]:
            path.unlink(missing_ok=True)
        path = self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.md"
        path.write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
        await language.window_show_document_async(types.ShowDocumentParams(path.as_uri(), take_focus=False))


def _key(passage: Passage) -> str:
    return f"{passage.path}\0{passage.text}"
