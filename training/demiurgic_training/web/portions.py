"""Texts in portions that a model can hold in mind, cut between paragraphs where that can be."""

import re
from collections.abc import Iterator

_SENTENCE = re.compile(r"(?<=[。！？；!?;])|(?<=\.)\s+")


def portions(text: str, size: int) -> Iterator[str]:
    """All of a text, in order, in portions of about `size` characters and never more. Nothing is left out but blanks at
    the cuts."""
    held = ""
    for piece in _pieces(text, size):
        if len(held) + len(piece) > size:
            yield from _told(held)
            held = ""
        held += piece
    yield from _told(held)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text; a line that ends without a mark ends one too."""
    for line in text.split("\n"):
        yield from (part.strip() for part in _SENTENCE.split(line) if part.strip())


def _pieces(text: str, size: int) -> Iterator[str]:
    """Lines; sentences of lines that are too long; and parts of sentences that are."""
    for line in text.splitlines(keepends=True):
        sentences = [line] if len(line) <= size else [part for part in _SENTENCE.split(line) if part]
        for sentence in sentences:
            yield from (sentence[at : at + size] for at in range(0, len(sentence), size))


def _told(held: str) -> Iterator[str]:
    if told := held.strip():
        yield told
