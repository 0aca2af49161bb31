"""From an editor's documents and positions to texts and places in them."""

from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.workspace import TextDocument

from demiurgic_lsp.completion.hole import Hole, hole_at


def hole_in(document: TextDocument, position: types.Position) -> Hole:
    """The place of the cursor. Positions count in the units that the client and the server agreed upon."""
    return hole_at(path_of(document.uri), document.source, document.offset_at_position(position))


def path_of(uri: str) -> str:
    """The file behind a document; for one that is in no file, whatever names it."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else uri
