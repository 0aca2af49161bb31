"""Wishes about a passage, carried out: a model answers, and what comes of it is an explanation or an edit."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from demiurgic.errors import UserError, WorkError
from demiurgic_lsp.asking.answering import Told, answer, code_in
from demiurgic_lsp.asking.edits import Target, hunks, new_file, shown_diff, workspace_edit
from demiurgic_lsp.asking.passage import lines_of, passage_at
from demiurgic_lsp.asking.selection import Selection
from demiurgic_lsp.asking.testfiles import test_file_for
from demiurgic_lsp.asking.wants import Kind, Want
from demiurgic_lsp.asking.words import only_words
from demiurgic_lsp.client import Client
from demiurgic_lsp.discretion import Discretion
from demiurgic_lsp.models import Models
from demiurgic_lsp.places import open_document, path_of

_HIDDEN = "it may hold secrets, is left out by .gitignore, or is no text"
LABELS: dict[Kind, str] = {
    "explain": "Explain",
    "fix": "Fix",
    "document": "Document",
    "refactor": "Refactor",
    "tests": "Write tests",
    "agent": "Run the agent on this",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit, and how people read it."""

    edit: types.WorkspaceEdit
    diff: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the model of the server."""

    models: Models
    discretion: Discretion
    client: Client

    def shows(self, document: TextDocument) -> bool:
        """Whether the model may see it."""
        return self.discretion.allows(path_of(document.uri), document.source)

    def want(self, language: LanguageServer, kind: Kind, selection: Selection) -> Want:
        """A wish, with the text as it stands now. Raises UserError where the document must not be shown."""
        document = open_document(language, selection.uri)
        path, source = path_of(document.uri), document.source
        if not self.shows(document):
            raise UserError(f"{PurePosixPath(path).name} is not shown to models", _HIDDEN)
        passage = passage_at(path, source, selection.first, selection.last)
        if not passage.text.strip():
            raise UserError("there is nothing there", "select some code")
        return Want(kind, replace(passage, path=PurePosixPath(path).name), selection.words)

    async def said(self, want: Want, told: Told) -> str:
        """The model's answer in words."""
        model = await self.models.chat()
        draft = want.passage.text if want.kind in ("fix", "document", "refactor") else ""
        with self.models.working():
            return await answer(model, want.conversation(), told, draft)

    async def proposed(self, language: LanguageServer, kind: Kind, selection: Selection, told: Told) -> Proposal:
        """An edit that carries out a wish. Raises WorkError where the model came to none."""
        target = _target(open_document(language, selection.uri))
        want = self.want(language, kind, selection)
        code = code_in(await self.said(want, told))
        if code is None or not code.strip():
            raise WorkError("the model answered without code", "ask again, or select less")
        if kind == "tests":
            return self._test_file(selection.uri, code)
        changes = hunks(want.passage, code)
        if kind == "document":
            changes = only_words(changes, want.passage)
        if not changes:
            raise WorkError("the model would leave it as it is", "say more exactly what is wanted")
        edit = workspace_edit(changes, target, _label(kind, want), self.client)
        return Proposal(edit, shown_diff(changes, want.passage))

    def _test_file(self, uri: str, code: str) -> Proposal:
        if not self.client.creates_files:
            raise WorkError(f"this editor lets nobody make files; the tests would be:\n\n{code}")
        path = test_file_for(path_of(uri), self.discretion.roots())
        text = f"{code.strip()}\n"
        return Proposal(new_file(path.as_uri(), text, f"Tests in {path.name}", self.client), text)


def _target(document: TextDocument) -> Target:
    source = document.source
    return Target(document.uri, document.version, "\r\n" if "\r\n" in source else "\n", len(lines_of(source)))


def _label(kind: Kind, want: Want) -> str:
    words = want.words.split("\n")[0]
    return f"{LABELS[kind]}: {words}" if words else LABELS[kind]
