"""From a passage's new text to edits that an editor makes: the changed lines alone, and only on the very text that the
model has read."""

import difflib
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from demiurgic_lsp.asking.passage import Passage
from demiurgic_lsp.client import Client

_ASKED = "demiurgic"
_LINE_END = 2**31 - 1
"""A character beyond any line stands for its end."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start` up to `end` become these."""

    start: int
    end: int
    lines: tuple[str, ...]


def hunks(passage: Passage, code: str) -> tuple[Hunk, ...]:
    """What changes if a passage becomes this code, which may stand further to the left than the passage."""
    new = _less_surroundings(_indented(code.strip("\n"), passage), passage)
    old = passage.lines[passage.start : passage.end]
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(
        Hunk(passage.start + begin, passage.start + end, tuple(new[first:last]))
        for kind, begin, end, first, last in changes
        if kind != "equal"
    )


@dataclass(frozen=True, slots=True)
class Target:
    """A document as the model has read it."""

    uri: str
    version: int | None
    ends: str
    """What its lines end with."""
    lines: int


def workspace_edit(changes: tuple[Hunk, ...], target: Target, label: str, client: Client) -> types.WorkspaceEdit:
    """The edit of one document, as far as its editor can be asked to check and to confirm it."""
    plain = [_edit(hunk, target.ends, target.lines) for hunk in changes]
    if not client.versions_edits:
        return types.WorkspaceEdit(changes={target.uri: plain})
    where = types.OptionalVersionedTextDocumentIdentifier(target.uri, target.version)
    return _in_documents([], where, plain, label if client.confirms_edits else "")


def new_file(uri: str, text: str, label: str, client: Client) -> types.WorkspaceEdit:
    """The edit that makes a file. One that exists already is left as it is."""
    create = types.CreateFile(uri, options=types.CreateFileOptions(ignore_if_exists=False, overwrite=False))
    where = types.OptionalVersionedTextDocumentIdentifier(uri, None)
    begin = types.Range(types.Position(0, 0), types.Position(0, 0))
    return _in_documents([create], where, [types.TextEdit(begin, text)], label if client.confirms_edits else "")


def _in_documents(
    first: list[types.CreateFile],
    where: types.OptionalVersionedTextDocumentIdentifier,
    edits: Sequence[types.TextEdit],
    label: str,
) -> types.WorkspaceEdit:
    """Edits of one document, and what comes first. With a label each part of it is to be confirmed by the user."""
    if not label:
        return types.WorkspaceEdit(document_changes=[*first, types.TextDocumentEdit(where, edits)])
    for one in first:
        one.annotation_id = _ASKED
    marked = [types.AnnotatedTextEdit(_ASKED, edit.range, edit.new_text) for edit in edits]
    return types.WorkspaceEdit(
        document_changes=[*first, types.TextDocumentEdit(where, marked)],
        change_annotations={_ASKED: types.ChangeAnnotation(label, needs_confirmation=True)},
    )


def shown_diff(changes: tuple[Hunk, ...], passage: Passage) -> str:
    """The change as people read it."""
    said: list[str] = []
    for hunk in changes:
        said += [f"- {line}" for line in passage.lines[hunk.start : hunk.end]]
        said += [f"+ {line}" for line in hunk.lines]
    return "\n".join(said)


def _edit(hunk: Hunk, ends: str, count: int) -> types.TextEdit:
    """Whole lines, but for the last of the document, which may have no end: `count` is how many lines there are."""
    text = ends.join(hunk.lines)
    if hunk.end < count:
        whole = text + ends if hunk.lines else ""
        return types.TextEdit(types.Range(types.Position(hunk.start, 0), types.Position(hunk.end, 0)), whole)
    last = types.Position(count - 1, _LINE_END)
    if hunk.start >= count:
        return types.TextEdit(types.Range(last, last), ends + text)
    return types.TextEdit(types.Range(types.Position(hunk.start, 0), last), text)


def _indented(code: str, passage: Passage) -> list[str]:
    """The code as deep as the passage stands. Models often write a method as if it stood alone."""
    first = next((line for line in code.split("\n") if line.strip()), "")
    if passage.indent and not first.startswith(passage.indent):
        code = textwrap.indent(textwrap.dedent(code), passage.indent)
    return [line.rstrip() if not line.strip() else line for line in code.split("\n")]


def _less_surroundings(new: list[str], passage: Passage) -> list[str]:
    """The code without the lines above and below the passage, which models like to repeat."""
    old = passage.lines[passage.start : passage.end]
    above, below = passage.lines[: passage.start], passage.lines[passage.end :]
    before = _repeated(new, above[::-1], old[0])
    behind = _repeated(new[before:][::-1], below, old[-1])
    return new[before : len(new) - behind]


def _repeated(new: list[str], near: Sequence[str], kept: str) -> int:
    """How many lines at the beginning are those that stand nearest, in their order or, read backwards, against it.
    Empty lines count for nothing; a line with which the passage itself begins is its own."""
    if not new or new[0].strip() == kept.strip():
        return 0
    around = [line for line in near[: 2 * len(new)] if line.strip()]
    for cut in range(len(new) - 1, 0, -1):
        said = [line for line in new[:cut] if line.strip()]
        if said and said in (around[: len(said)], around[: len(said)][::-1]):
            return cut
    return 0
