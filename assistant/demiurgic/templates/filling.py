"""Prompts that are no conversation: a text to go on with, and a text with a hole to fill.

The text is other people's, so names of special tokens in it are only letters. What is too long for the model is not
shortened here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from demiurgic.errors import UnsupportedRequest
from demiurgic.templates.encoding import Tokenizer, encode, opener
from demiurgic.templates.protocol import Segment


@dataclass(frozen=True, slots=True)
class Nearby:
    """A part of another file that may help."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A text with a hole in it."""

    before: str
    behind: str
    begun: str = ""
    """What the model finds written already, as the beginning of what it is to write."""
    path: str = ""
    nearby: tuple[Nearby, ...] = ()
    """Shown in front of all, as far as the model was taught to see more than one file."""


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
    def architecture(self) -> str: ...

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


def fill_prompt(gap: Gap, writer: Writer) -> tuple[int, ...]:
    """The prompt of a model that shall write what is missing. Raises UnsupportedRequest for one that cannot."""
    hole = writer.facts.fill
    if hole is None:
        raise UnsupportedRequest(
            f"{writer.facts.name} has not learnt to fill a hole in a text",
            "leave the suffix out, or ask a model that has, such as qwen2.5-coder",
        )
    markers = writer.facts.markers
    turns = markers.get("<|user|>"), markers.get("<|assistant|>")
    if writer.facts.architecture == "chatglm" and None not in turns:
        tokens = tuple(_in_a_conversation(gap, hole, writer))
    else:
        tokens = (*_files(gap, hole, writer), *_around(gap, hole, writer))
    return (*opener(writer.facts.bos, tokens), *tokens)


def _around(gap: Gap, hole: HoleMarkers, writer: Writer) -> Iterator[int]:
    """Most families: both sides, and then the hole."""
    yield hole.prefix
    yield from _letters(gap.before, writer)
    yield hole.suffix
    yield from _letters(gap.behind, writer)
    yield hole.middle
    yield from _letters(gap.begun, writer)


def _files(gap: Gap, hole: HoleMarkers, writer: Writer) -> Iterator[int]:
    """The parts of other files, and the name of the one with the hole, as models are taught to see a repository."""
    if hole.separator is None or not gap.nearby:
        return
    for part in (*gap.nearby, Nearby(gap.path, "")):
        yield hole.separator
        yield from _letters(f"{part.path}\n{part.text}\n" if part.text else f"{part.path}\n", writer)


def _in_a_conversation(gap: Gap, hole: HoleMarkers, writer: Writer) -> Iterator[int]:
    """CodeGeeX4, which shares its tokens with newer GLM models: the user asks, the far side comes first, the model
    answers."""
    markers = writer.facts.markers
    shown = "".join(f"###REFERENCE:\n###PATH:{part.path}\n{part.text}\n" for part in gap.nearby)
    yield markers["<|user|>"]
    yield from _letters(f"\n{shown}###PATH:{gap.path}\n###MODE:BLOCK\n", writer)
    yield hole.suffix
    yield from _letters(gap.behind, writer)
    yield hole.prefix
    yield from _letters(gap.before, writer)
    yield hole.middle
    yield markers["<|assistant|>"]
    yield from _letters(f"\n{gap.begun}", writer)


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
