"""Prompts that are no conversation: a text to go on with, and a text with a hole to fill.

The text is other people's, so names of special tokens in it are only letters. What is too long for the model is not
shortened here.
"""

from collections.abc import Mapping
from typing import Protocol

from demiurgic.errors import UnsupportedRequest
from demiurgic.templates.encoding import Tokenizer, encode, opener
from demiurgic.templates.protocol import Segment


class HoleMarkers(Protocol):
    """The tokens that stand around a hole. Those that a model does not have are None."""

    @property
    def prefix(self) -> int: ...

    @property
    def suffix(self) -> int: ...

    @property
    def middle(self) -> int: ...

    @property
    def pad(self) -> int | None: ...

    @property
    def repository(self) -> int | None: ...

    @property
    def separator(self) -> int | None: ...


class Known(Protocol):
    """What must be known of a model."""

    @property
    def name(self) -> str: ...

    @property
    def bos(self) -> int | None: ...

    @property
    def markers(self) -> Mapping[str, int]: ...

    @property
    def fill(self) -> HoleMarkers | None: ...


class Writer(Tokenizer, Protocol):
    """A model that goes on with tokens: every engine is one."""

    @property
    def facts(self) -> Known: ...


def text_prompt(text: str, writer: Writer) -> tuple[int, ...]:
    """The prompt of a model that shall go on with a text."""
    letters = _letters(text, writer)
    return (*opener(writer.facts.bos, letters), *letters)


def fill_prompt(before: str, behind: str, writer: Writer, begun: str = "") -> tuple[int, ...]:
    """The prompt of a model that shall write what is missing between two texts, of which it finds the beginning written
    already. Raises UnsupportedRequest where the model has not learnt that."""
    hole = writer.facts.fill
    if hole is None:
        raise UnsupportedRequest(
            f"{writer.facts.name} has not learnt to fill a hole in a text",
            "leave the suffix out, or ask a model that has, such as qwen2.5-coder",
        )
    prefix, suffix = _letters(before, writer), _letters(behind, writer)
    tokens = (hole.prefix, *prefix, hole.suffix, *suffix, hole.middle, *_letters(begun, writer))
    return (*opener(writer.facts.bos, tokens), *tokens)


def fill_stops(writer: Writer) -> tuple[str, ...]:
    """Names of the markers that mean, where the model writes one, that it has left the hole."""
    hole = writer.facts.fill
    if hole is None:
        return ()
    around = {hole.prefix, hole.suffix, hole.middle, hole.pad, hole.repository, hole.separator}
    return tuple(name for name, token in writer.facts.markers.items() if token in around)


def _letters(text: str, writer: Writer) -> tuple[int, ...]:
    parts = encode([Segment(text, trusted=False)], writer, writer.facts.markers)
    return tuple(token for part in parts for token in part.tokens)
