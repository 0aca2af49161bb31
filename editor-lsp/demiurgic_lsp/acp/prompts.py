"""What a user sends, as one text: words, links to files, and pieces of files that the editor puts in.

A file of the project that is only linked to is named with `@`, so that it goes along as in a terminal: as it is now, if
it fits. What the editor puts in stands behind the words, each piece under its name.
"""

from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from acp.schema import (
    AudioContentBlock,
    BlobResourceContents,
    EmbeddedResourceContentBlock,
    ImageContentBlock,
    ResourceContentBlock,
    TextContentBlock,
    TextResourceContents,
)

from demiurgic.errors import DemiurgicError
from demiurgic.workspace.protocol import Workspace
from demiurgic.workspace.shown import visible_name
from demiurgic_lsp.acp.errors import wrong_input
from demiurgic_lsp.acp.looks import fenced

Block: TypeAlias = (
    TextContentBlock | ImageContentBlock | AudioContentBlock | ResourceContentBlock | EmbeddedResourceContentBlock
)


def text_of(blocks: Sequence[Block], workspace: Workspace) -> str:
    """The text. Raises RequestError for what no model here understands, and for nothing at all."""
    words = ""
    for block in blocks:
        word = _word(block, workspace)
        apart = word.startswith("@") and words and not words[-1].isspace()
        words += f" {word}" if apart else word
    embedded = [block.resource for block in blocks if isinstance(block, EmbeddedResourceContentBlock)]
    text = "\n\n".join(part for part in (words.strip(), *(_piece(each, workspace) for each in embedded)) if part)
    if not text:
        raise wrong_input("there is nothing to answer")
    return text


def _word(block: Block, workspace: Workspace) -> str:
    match block:
        case TextContentBlock(text=text):
            return text
        case ResourceContentBlock(uri=uri, name=name):
            path = _inside(uri, workspace)
            return f'@"{path}"' if path else f"[{name}]({uri})"
        case EmbeddedResourceContentBlock(resource=resource):
            return _name(resource.uri, workspace)
        case _:
            raise wrong_input("pictures and sounds are not understood here")


def _piece(resource: TextResourceContents | BlobResourceContents, workspace: Workspace) -> str:
    name = _name(resource.uri, workspace)
    if isinstance(resource, TextResourceContents):
        return f"{name}:\n{fenced(resource.text.removesuffix(chr(10)))}"
    return f"{name} is not attached: it is no text"


def _name(uri: str, workspace: Workspace) -> str:
    """A file of the project by its path, with the lines that are meant; anything else by its address."""
    path, lines = _inside(uri, workspace), urlsplit(uri).fragment
    return visible_name(f"{path} {lines}".rstrip() if path else uri)


def _inside(uri: str, workspace: Workspace) -> str:
    """The path of a file of the project; empty for anything else."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return ""
    try:
        return workspace.relative(unquote(parts.path))
    except DemiurgicError:
        return ""  # it lies elsewhere
