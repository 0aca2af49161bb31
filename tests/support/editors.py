"""An editor without a window: it opens documents, types, and asks a real language server."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

_LONGEST = 120
_APPLY = types.WORKSPACE_APPLY_EDIT
_QUESTION = types.WINDOW_SHOW_MESSAGE_REQUEST


class Editor:
    """One that is connected."""

    def __init__(self, client: LanguageClient, said: types.InitializeResult) -> None:
        self.client, self.capabilities = client, said.capabilities
        self.edits: list[types.WorkspaceEdit] = []
        self.questions: list[types.ShowMessageRequestParams] = []
        self.answer: str | None = None
        """What is chosen when the server asks: a title; None closes the question."""
        self.decided = asyncio.Event()
        """Questions are answered only while it is set; it is, unless a test clears it."""
        self.decided.set()
        self._versions: dict[str, int] = {}

    def open(self, uri: str, text: str, language: str = "python") -> str:
        """Open a document. Returns its address."""
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, line: int, character: int, text: str) -> None:
        """Type at a place."""
        here = types.Position(line, character)
        self._change(uri, types.TextDocumentContentChangePartial(types.Range(here, here), text))

    def replace(self, uri: str, text: str) -> None:
        """Put another text in the document's place."""
        self._change(uri, types.TextDocumentContentChangeWholeDocument(text))

    def _change(self, uri: str, change) -> None:
        self._versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(self._versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

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

    async def ghost(self, uri: str, line: int, character: int) -> types.InlineCompletionItem | None:
        """The ghost text with all that belongs to it."""
        found = await asyncio.wait_for(self.asked(uri, line, character), _LONGEST)
        return found.items[0] if found.items else None

    async def shown(self, uri: str, line: int, character: int) -> str:
        """The ghost text."""
        item = await self.ghost(uri, line, character)
        return item.insert_text if item else ""

    def cancel(self) -> None:
        """Cancel what was asked last."""
        waiting = self.client.protocol._request_futures.items()  # a task among them answers a question of the server's
        latest = [number for number, future in waiting if not isinstance(future, asyncio.Task)][-1]
        self.client.cancel_request(types.CancelParams(latest))

    async def run(self, command: str, *arguments: object):
        """Have a command carried out."""
        params = types.ExecuteCommandParams(command, list(arguments))
        return await asyncio.wait_for(self.client.workspace_execute_command_async(params), _LONGEST)

    async def actions(self, uri: str, line: int, *diagnostics: types.Diagnostic, only=None) -> list[dict]:
        """The code actions of a line, as they came."""
        here = types.Range(types.Position(line, 0), types.Position(line, 1))
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), here, types.CodeActionContext(list(diagnostics), only)
        )
        return await asyncio.wait_for(self.client.text_document_code_action_async(params), _LONGEST)

    def text_after(self, uri: str, text: str) -> str:
        """A document's text after the latest edit, made as the protocol says."""
        edit = self.edits[-1]
        made = list((edit.changes or {}).get(uri, ()))
        for change in edit.document_changes or ():
            made += (
                change.edits if isinstance(change, types.TextDocumentEdit) and change.text_document.uri == uri else []
            )
        return applied(text, made)


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that is true."""
    async with asyncio.timeout(_LONGEST):
        while not holds():
            await asyncio.sleep(0.01)


def applied(text: str, edits: "list[types.TextEdit]") -> str:
    """The text after edits whose places are those of the text before, in UTF-16 units."""
    lines = text.splitlines(keepends=True)

    def offset(place: types.Position) -> int:
        if place.line >= len(lines):
            return len(text)
        line = lines[place.line]
        bare = line.rstrip("\r\n").encode("utf-16-le")
        return sum(map(len, lines[: place.line])) + len(bare[: 2 * place.character].decode("utf-16-le"))

    for edit in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


@dataclass(frozen=True)
class Kind:
    """An editor's name, as pytest-lsp knows it, or none for one that can do nothing; and what it says of itself."""

    name: str = ""
    options: dict = field(default_factory=dict)
    settings: dict | None = None
    """What it answers when it is asked for `demiurgic`."""
    ours: dict = field(default_factory=dict)
    """What our own extension can do."""

    def capabilities(self) -> types.ClientCapabilities:
        """As it sends them."""
        told = client_capabilities(self.name) if self.name else types.ClientCapabilities()
        told.experimental = {"demiurgic": self.ours} if self.ours else told.experimental
        return told


@asynccontextmanager
async def editor(folder: Path, *flags: object, kind: Kind = Kind()) -> AsyncIterator[Editor]:
    """An editor whose server is started with these flags."""
    client = make_test_lsp_client()
    # The library takes every action with a command in it for a bare command.
    client.protocol._converter.register_structure_hook(types.Command | types.CodeAction, lambda told, _: told)
    if kind.settings is not None:
        client.set_configuration({"demiurgic": kind.settings})
    home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
    await client.start_io(sys.executable, "-m", "demiurgic", "lsp", *map(str, flags), env={**os.environ, **home})
    wishes = types.InitializeParams(kind.capabilities(), root_uri=folder.as_uri(), initialization_options=kind.options)
    said = await asyncio.wait_for(client.initialize_session(wishes), _LONGEST)
    opened = Editor(client, said)

    @client.feature(_APPLY)
    def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        opened.edits.append(params.edit)
        return types.ApplyWorkspaceEditResult(applied=True)

    @client.feature(_QUESTION)
    async def choose(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        opened.questions.append(params)
        await opened.decided.wait()
        return next((action for action in params.actions or () if action.title == opened.answer), None)

    try:
        yield opened
    finally:
        await asyncio.wait_for(client.shutdown_session(), _LONGEST)
        await client.stop()
