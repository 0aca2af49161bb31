"""Finds the lines of a file that a model may have had in mind when it quoted some that are not there."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"\w+")
_TRIED = 5
"""Places that are compared in earnest, of those that share the most words."""
_LIKE = 0.5
"""What is less alike than this is no help."""
_MOST_LINES = 60
_MOST_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Near:
    """Lines `first` to `last`, counted from 1."""

    first: int
    last: int
    likeness: float


def nearest(lines: Sequence[str], wanted: Sequence[str]) -> Near | None:
    """The most similar run of as many lines, if any is similar at all."""
    sought = [line for line in wanted if line.strip()][:_MOST_LINES]
    words = set(_WORD.findall("\n".join(sought)))
    if not words or not lines:
        return None
    length = min(len(wanted), _MOST_LINES, len(lines))
    shared = [len(words.intersection(_WORD.findall(line[:_MOST_CHARACTERS]))) for line in lines]
    scores = _sums(shared, length)
    best = sorted(range(len(scores)), key=lambda at: -scores[at])[:_TRIED]
    goal = _plain(sought)
    found = [Near(at + 1, at + length, _likeness(_plain(lines[at : at + length]), goal)) for at in best if scores[at]]
    top = max(found, key=lambda near: near.likeness, default=None)
    return top if top and top.likeness >= _LIKE else None


def _sums(numbers: Sequence[int], length: int) -> list[int]:
    total = sum(numbers[:length])
    sums = [total]
    for at in range(length, len(numbers)):
        total += numbers[at] - numbers[at - length]
        sums.append(total)
    return sums


def _plain(lines: Sequence[str]) -> str:
    return "\n".join(" ".join(line.split()) for line in lines)[:_MOST_CHARACTERS]


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
