"""Whether a classifier knows what it knows: calibration, and what a threshold on its confidence would turn away."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STEPS = 100


@dataclass(frozen=True, slots=True)
class Judged:
    """One prediction: how sure the model was, whether it was right, and whether any label could have been."""

    confidence: float
    right: bool
    in_scope: bool = True


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about the same confidence, above `low` and up to `high`: what was claimed and what was true."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The gap between confidence and accuracy: its mean over all predictions (ECE), and the widest of any bin."""

    expected_error: float
    largest_error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What happens where only predictions of at least this confidence are believed."""

    threshold: float
    coverage: float
    """The share of in-scope inputs that get an answer."""
    accuracy: float
    """The share of those answers that are right."""
    turned_away: float
    """The share of out-of-scope inputs that get none."""
    served: float
    """The share of all inputs that are treated as they should be: answered rightly, or turned away."""


def calibration(judged: Sequence[Judged], bins: int = 10) -> Calibration:
    """Over bins of equal width, empty ones left out."""
    edges = [number / bins for number in range(1, bins + 1)]
    groups: list[list[Judged]] = [[] for _ in edges]
    for each in judged:
        groups[min(bisect_left(edges, each.confidence), bins - 1)].append(each)
    filled = [
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            count=len(group),
            confidence=_mean(each.confidence for each in group),
            accuracy=_mean(each.right for each in group),
        )
        for number, group in enumerate(groups)
        if group
    ]
    gaps = [(abs(each.confidence - each.accuracy), each.count) for each in filled]
    expected = sum(gap * count for gap, count in gaps) / len(judged) if judged else 0.0
    return Calibration(expected, max((gap for gap, _ in gaps), default=0.0), tuple(filled))


def curve(judged: Sequence[Judged]) -> list[Threshold]:
    """The thresholds from 0 to 1 in hundredths, and what each would do."""
    return [_at(judged, step / _STEPS) for step in range(_STEPS + 1)]


def best_threshold(thresholds: Sequence[Threshold]) -> Threshold:
    """The one that treats most inputs as they should be; the lowest of equals. Chosen on the data it is told of, so a
    little flattered."""
    return max(thresholds, key=lambda each: (each.served, -each.threshold))


def separation(judged: Sequence[Judged]) -> float | None:
    """How probable it is that an in-scope input gets the higher confidence of two (the area under the ROC curve).

    None where one of the kinds is missing.
    """
    inside = [each.confidence for each in judged if each.in_scope]
    outside = sorted(each.confidence for each in judged if not each.in_scope)
    if not inside or not outside:
        return None
    beaten = sum(bisect_left(outside, score) + _as_many(outside, score) / 2 for score in inside)
    return beaten / (len(inside) * len(outside))


def _at(judged: Sequence[Judged], threshold: float) -> Threshold:
    believed = [each for each in judged if each.in_scope and each.confidence >= threshold]
    inside = sum(each.in_scope for each in judged)
    away = sum(not each.in_scope and each.confidence < threshold for each in judged)
    right = sum(each.right for each in believed)
    return Threshold(
        threshold=threshold,
        coverage=len(believed) / inside if inside else 0.0,
        accuracy=right / len(believed) if believed else 0.0,
        turned_away=away / (len(judged) - inside) if len(judged) > inside else 0.0,
        served=(right + away) / len(judged) if judged else 0.0,
    )


def _as_many(ordered: Sequence[float], value: float) -> int:
    """How often a value occurs in an ordered list."""
    at, count = bisect_left(ordered, value), 0
    while at + count < len(ordered) and ordered[at + count] == value:
        count += 1
    return count


def _mean(values: Iterable[float]) -> float:
    gathered = list(values)
    return sum(gathered) / len(gathered)
