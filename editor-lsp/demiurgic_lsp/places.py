"""From an editor's documents and positions to texts and places in them."""

from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from demiurgic.errors import UserError
from demiurgic_lsp.completion.hole import Hole, hole_at


def hole_in(document: TextDocument, position: types.Position) -> Hole:
    """The place of the cursor. Positions count in the units that the client and the server agreed upon."""
    return hole_at(path_of(document.uri), document.source, document.offset_at_position(position))


def path_of(uri: str) -> str:
    """The file behind a document; for one that is in no file, whatever names it."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else uri


def left_of(document: TextDocument, position: types.Position) -> str:
    """The line up to a position."""
    return hole_in(document, position).left


def units(document: TextDocument, text: str) -> int:
    """How many of the units in which positions count a text takes."""
    return document.position_codec.client_num_units(text)


def open_document(language: LanguageServer, uri: str) -> TextDocument:
    """A document that the editor has open. Files that are not are never read in its place."""
    document = language.workspace.text_documents.get(unquote(uri))  # as the library keeps them
    if document is None:
        raise UserError(f"{uri} is not open", "open it in the editor first")
    return document
