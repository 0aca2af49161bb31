"""Exact probabilities of labels, from the scores of the tokens that spell them.

A label's probability is that of an answer that begins with it and with no longer label. So the labels exclude each
other, and what they sum to is how likely it was that the model would name any. Labels share their first tokens, which
makes a tree; it is read where probability is left, likeliest first, until what is unread cannot matter.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from demiurgic.errors import BadEvaluationFile

Path: TypeAlias = tuple[int, ...]
"""The tokens that lead to a place in the tree."""


class Tree:
    """The token sequences of all labels."""

    def __init__(self, answers: Sequence[Path]) -> None:
        self.labels = {answer: number for number, answer in enumerate(answers)}
        if len(self.labels) < len(answers) or () in self.labels:
            raise BadEvaluationFile(
                "two labels are the same to this model, or one is nothing", "spell them differently"
            )
        self.children: dict[Path, list[int]] = {}
        for answer in answers:
            for depth, token in enumerate(answer):
                tokens = self.children.setdefault(answer[:depth], [])
                if token not in tokens:
                    tokens.append(token)

    def below(self, path: Path) -> tuple[Path, ...]:
        """What may follow a path, up to the end of each label."""
        return tuple(answer[len(path) :] for answer in self.labels if answer[: len(path)] == path)


class Reading:
    """How the probability of one input's answers is spread over a tree, as far as it has been read."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._unread: dict[Path, float] = {(): 0.0}
        self._found: dict[int, float] = {}

    def next(self, tolerance: float) -> Path | None:
        """The likeliest unread place; None once what is unread is no more than this share of all."""
        if not self._unread:
            return None
        unread = _sum(self._unread.values())
        if tolerance and unread - _sum((unread, *self._found.values())) <= math.log(tolerance):
            return None
        return max(self._unread, key=lambda path: self._unread[path])

    def take(self, path: Path, scores: Mapping[int, float]) -> None:
        """The log-probabilities of the tokens that may follow a path."""
        here = self._unread.pop(path)
        following = self.tree.children[path]
        for token in following:
            self._reach((*path, token), here + scores[token])
        if path in self.tree.labels:
            longer = min(1.0, math.fsum(math.exp(scores[token]) for token in following))
            self._found[self.tree.labels[path]] = here + math.log1p(-longer) if longer < 1 else -math.inf

    def odds(self) -> dict[int, float]:
        """The labels' probabilities among each other, likeliest first. What was not read is not among them."""
        total = _sum(self._found.values())
        if total == -math.inf:
            return dict.fromkeys(self._found, 1 / len(self._found))
        ranked = sorted(self._found.items(), key=lambda pair: -pair[1])
        return {number: math.exp(log - total) for number, log in ranked}

    @property
    def any_label(self) -> float:
        """How probable it was that the answer would begin with any label."""
        return min(1.0, math.exp(_sum((*self._found.values(), *self._unread.values()))))

    def _reach(self, path: Path, log: float) -> None:
        if path in self.tree.children:
            self._unread[path] = log
        else:
            self._found[self.tree.labels[path]] = log


def _sum(logs: Iterable[float]) -> float:
    """The logarithm of a sum of probabilities that are given by theirs."""
    logs = list(logs)
    top = max(logs, default=-math.inf)
    return top if top == -math.inf else top + math.log(math.fsum(math.exp(log - top) for log in logs))
