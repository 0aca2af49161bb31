"""An editor without a window: it opens documents, types, and asks a real language server."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

_LONGEST = 60


class Editor:
    """One that is connected."""

    def __init__(self, client: LanguageClient, said: types.InitializeResult) -> None:
        self.client, self.capabilities = client, said.capabilities
        self._versions: dict[str, int] = {}

    def open(self, uri: str, text: str, language: str = "python") -> str:
        """Open a document. Returns its address."""
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, line: int, character: int, text: str) -> None:
        """Type at a place."""
        self._versions[uri] += 1
        here = types.Position(line, character)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._versions[uri], uri),
                [types.TextDocumentContentChangePartial(types.Range(here, here), text)],
            )
        )

    def asked(self, uri: str, line: int, character: int) -> "asyncio.Future[types.InlineCompletionList]":
        """Ask for ghost text."""
        return asyncio.ensure_future(
            self.client.text_document_inline_completion_async(
                types.InlineCompletionParams(
                    types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
                    types.TextDocumentIdentifier(uri),
                    types.Position(line, character),
                )
            )
        )

    async def shown(self, uri: str, line: int, character: int) -> str:
        """The ghost text."""
        found = await asyncio.wait_for(self.asked(uri, line, character), _LONGEST)
        return found.items[0].insert_text if found.items else ""


@asynccontextmanager
async def editor(folder: Path, *flags: object) -> AsyncIterator[Editor]:
    """An editor whose server is started with these flags."""
    client = LanguageClient("editor", "1")
    home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "demiurgic", "lsp", *map(str, flags)]
    await client.start_io(*command, env={**os.environ, **home})
    wishes = types.InitializeParams(types.ClientCapabilities(), root_uri=folder.as_uri(), process_id=os.getpid())
    said = await asyncio.wait_for(client.initialize_async(wishes), _LONGEST)
    client.initialized(types.InitializedParams())
    try:
        yield Editor(client, said)
    finally:
        await asyncio.wait_for(client.shutdown_async(None), _LONGEST)
        client.exit(None)
        await client.stop()
