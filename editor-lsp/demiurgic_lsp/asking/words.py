"""Changes that only add words for people: comments and documentation. A model that was asked for nothing else may have
left code out of its answer, or changed it; none of that gets through."""

import re
from collections.abc import Iterator, Sequence

from demiurgic_lsp.asking.edits import Hunk
from demiurgic_lsp.asking.passage import Passage

_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*(?!\w)|--|;;|<!--|%)")
_QUOTES = ('"""', "'''")
_HEAD_ENDS = re.compile(r".*:\s*(?:#.*)?$")


def only_words(changes: Sequence[Hunk], passage: Passage) -> tuple[Hunk, ...]:
    """The same changes, of which nothing is left but lines of words that are put in."""
    added = ((hunk, tuple(_words(hunk.lines))) for hunk in changes)
    return tuple(Hunk(at, at, lines) for hunk, lines in added if lines for at in (_place(hunk, lines, passage),))


def _words(lines: Sequence[str]) -> Iterator[str]:
    """Comments, and texts between three quotes with all that stands in them."""
    closing = ""
    for line in lines:
        text = line.strip()
        if closing:
            yield line
            closing = "" if closing in text else closing
        elif quote := next((quote for quote in _QUOTES if text.startswith(quote)), ""):
            yield line
            closing = "" if quote in text[len(quote) :] else quote
        elif _COMMENT.match(line):
            yield line


def _place(hunk: Hunk, words: Sequence[str], passage: Passage) -> int:
    """Where the words belong. Documentation between quotes stands behind the head of what it documents."""
    if not words[0].strip().startswith(_QUOTES):
        return hunk.start
    heads = (at for at in range(hunk.start, hunk.end) if _HEAD_ENDS.match(passage.lines[at]))
    return next(heads, hunk.start - 1) + 1
