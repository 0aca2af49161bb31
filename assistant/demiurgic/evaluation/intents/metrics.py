"""How often, and where, a classifier is right: plain counts of (truth, prediction), nothing else.

A prediction that is missing is an empty text. It is wrong, and of no label. Averages over labels are taken over those
that occur, in the truth or in the predictions; a rate over nothing is 0.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]
"""The truth, and what was predicted."""


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How one label fared. `support` of the truths are it, `predicted` of the predictions say so."""

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Scores:
    """How all of it went."""

    rows: int
    right: int
    accuracy: float
    balanced_accuracy: float
    """The mean of the recalls of the labels that occur in the truth."""
    macro_f1: float
    weighted_f1: float
    per_label: dict[str, LabelScore]


def scores(pairs: Sequence[Pair]) -> Scores:
    """What these predictions are worth."""
    truths, predicted = Counter(truth for truth, _ in pairs), Counter(said for _, said in pairs if said)
    hits = Counter(truth for truth, said in pairs if truth == said)
    labels = sorted(truths | predicted)
    per_label = {label: _label_score(hits[label], truths[label], predicted[label]) for label in labels}
    supported = [each for each in per_label.values() if each.support]
    right = hits.total()
    return Scores(
        rows=len(pairs),
        right=right,
        accuracy=_rate(right, len(pairs)),
        balanced_accuracy=_rate(sum(each.recall for each in supported), len(supported)),
        macro_f1=_rate(sum(each.f1 for each in per_label.values()), len(per_label)),
        weighted_f1=_rate(sum(each.f1 * each.support for each in supported), len(pairs)),
        per_label=per_label,
    )


def most_confused(pairs: Iterable[Pair], most: int = 10) -> list[tuple[Pair, int]]:
    """The commonest mistakes, truth and prediction, each with how often it was made."""
    mistakes = Counter((truth, said) for truth, said in pairs if said and truth != said)
    return sorted(mistakes.items(), key=lambda entry: (-entry[1], entry[0]))[:most]


def confusion(pairs: Iterable[Pair], labels: Sequence[str]) -> list[list[int]]:
    """Counts by truth (rows) and prediction (columns), the last column for no prediction."""
    counts = Counter(pairs)
    return [[counts[truth, said] for said in (*labels, "")] for truth in labels]


def _label_score(hits: int, support: int, predicted: int) -> LabelScore:
    precision, recall = _rate(hits, predicted), _rate(hits, support)
    return LabelScore(precision, recall, _rate(2 * hits, support + predicted), support, predicted)


def _rate(part: float, whole: int) -> float:
    return part / whole if whole else 0.0
