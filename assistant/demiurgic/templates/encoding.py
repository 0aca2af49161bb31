"""From segments to tokens, such that nobody can forge a turn.

Neighbouring segments of the same author are tokenised as one text, exactly as the whole prompt would be by the
model's own tokenizer. But where other people's text spells the name of a special token, the text is cut within
that name, so that it stays the letters it is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from demiurgic.templates.protocol import Segment


class Tokenizer(Protocol):
    """What encoding needs of a tokenizer: names of special tokens become those tokens."""

    def tokenize(self, text: str) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens of one author. `message` is -1 where they belong to several messages or to none."""

    tokens: tuple[int, ...]
    by_assistant: bool
    message: int


def encode(segments: Iterable[Segment], tokenizer: Tokenizer, markers: Mapping[str, int]) -> list[Encoded]:
    """The tokens of all segments, those of each assistant's turn apart."""
    pattern = _pattern(markers)
    encoded: list[Encoded] = []
    for (by_assistant, message), run in groupby(segments, key=_author):
        tokens = [token for part in _parts(list(run), pattern) for token in tokenizer.tokenize(part)]
        encoded.append(Encoded(tuple(tokens), by_assistant, message))
    return encoded


def token_mask(encoded: Sequence[Encoded]) -> tuple[list[int], list[bool]]:
    """All tokens, and for each whether training may learn it."""
    tokens = [token for part in encoded for token in part.tokens]
    mask = [part.by_assistant for part in encoded for _ in part.tokens]
    return tokens, mask


def _author(segment: Segment) -> tuple[bool, int]:
    return segment.by_assistant, segment.message if segment.by_assistant else -1


def _pattern(markers: Mapping[str, int]) -> re.Pattern[str] | None:
    names = sorted((name for name in markers if len(name) > 1), key=len, reverse=True)
    return re.compile("|".join(re.escape(name) for name in names)) if names else None


def _parts(run: Sequence[Segment], pattern: re.Pattern[str] | None) -> list[str]:
    """The run's text, cut within every marker that the template did not write in one piece."""
    text = "".join(segment.text for segment in run)
    if pattern is None or not text:
        return [text] if text else []
    written = _trusted_spans(run)
    cuts: list[int] = []
    at = 0
    while found := pattern.search(text, at):
        if _within(written, found.start(), found.end()):
            at = found.end()
        else:
            at = found.start() + 1
            cuts.append(at)
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True) if start < end]


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
