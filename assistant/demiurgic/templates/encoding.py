"""From segments to tokens, such that nobody can forge a turn.

Neighbouring segments of the same author are tokenised as one text, exactly as the whole prompt would be by the
model's own tokenizer. But where other people's text spells the name of a special token, the text between the markers
around it is tokenised as letters alone. ChatGLM3 has a token named `sop`: philosophy stays a word.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from demiurgic.templates.protocol import Segment


class Tokenizer(Protocol):
    """What encoding needs of a tokenizer: with `markers`, names of special tokens become those tokens."""

    def tokenize(self, text: str, markers: bool = True) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens of one author. `message` is -1 where they belong to several messages or to none."""

    tokens: tuple[int, ...]
    by_assistant: bool
    message: int


def encode(segments: Iterable[Segment], tokenizer: Tokenizer, markers: Mapping[str, int]) -> list[Encoded]:
    """The tokens of all segments, those of each assistant's turn apart."""
    names = _Names(markers)
    encoded: list[Encoded] = []
    for (by_assistant, message), run in groupby(segments, key=_author):
        tokens: list[int] = []
        for text, letters in names.split(list(run)):
            tokens += names.spelled(text, tokenizer) if letters else tokenizer.tokenize(text)
        encoded.append(Encoded(tuple(tokens), by_assistant, message))
    return encoded


def opener(bos: int | None, tokens: Iterable[int]) -> tuple[int, ...]:
    """The token that begins every prompt, where the model wants one and these do not begin with it already."""
    return () if bos is None or next(iter(tokens), None) == bos else (bos,)


def token_mask(encoded: Sequence[Encoded]) -> tuple[list[int], list[bool]]:
    """All tokens, and for each whether training may learn it."""
    tokens = [token for part in encoded for token in part.tokens]
    mask = [part.by_assistant for part in encoded for _ in part.tokens]
    return tokens, mask


def _author(segment: Segment) -> tuple[bool, int]:
    return segment.by_assistant, segment.message if segment.by_assistant else -1


class _Names:
    """The names of special tokens, and what to do where somebody else spells them."""

    def __init__(self, markers: Mapping[str, int]) -> None:
        names = sorted((name for name in markers if len(name) > 1), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names))) if names else None
        self._ids = frozenset(markers[name] for name in names)

    def split(self, run: Sequence[Segment]) -> list[tuple[str, bool]]:
        """The run's text in parts, and for each whether it is letters only."""
        text = "".join(segment.text for segment in run)
        meant, forged = self._found(text, _trusted_spans(run))
        parts: list[tuple[str, bool]] = []
        at = 0
        for start in forged:
            if start < at:
                continue
            low = max((end for _, end in meant if end <= start), default=0)
            high = min((begin for begin, _ in meant if begin > start), default=len(text))
            parts += [(text[at : max(at, low)], False), (text[max(at, low) : high], True)]
            at = high
        return [part for part in (*parts, (text[at:], False)) if part[0]]

    def spelled(self, text: str, tokenizer: Tokenizer) -> list[int]:
        """Tokens of foreign text. Where the tokenizer finds a marker in any text, the name is cut within."""
        tokens = tokenizer.tokenize(text, markers=False)
        if self._ids.isdisjoint(tokens):
            return tokens
        _, forged = self._found(text, [])
        cuts = [start + 1 for start in forged]
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return [token for piece in pieces if piece for token in tokenizer.tokenize(piece, markers=False)]

    def _found(self, text: str, written: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], list[int]]:
        """Where the template wrote a marker, and where somebody else spelled one."""
        meant: list[tuple[int, int]] = []
        forged: list[int] = []
        at = 0
        while self._pattern is not None and (found := self._pattern.search(text, at)):
            if _within(written, found.start(), found.end()):
                meant.append(found.span())
                at = found.end()
            else:
                forged.append(found.start())
                at = found.start() + 1
        return meant, forged


def _trusted_spans(run: Sequence[Segment]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = 0
    for segment in run:
        end = at + len(segment.text)
        if segment.trusted and spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], end)
        elif segment.trusted:
            spans.append((at, end))
        at = end
    return spans


def _within(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(low <= start and end <= high for low, high in spans)
