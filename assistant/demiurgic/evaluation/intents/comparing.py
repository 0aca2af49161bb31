"""Several models on the same rows: which of them is really better than the first."""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.evaluation.intents.reports import Report
from demiurgic.evaluation.statistics import holm, mcnemar


@dataclass(frozen=True, slots=True)
class Difference:
    """A model beside the first: the rows that only one of them has right, and how surprising that is."""

    model: str
    gained: int
    lost: int
    p: float
    """McNemar's exact test, corrected for the number of models (Holm)."""


def differences(reports: Sequence[Report]) -> list[Difference]:
    """Every further model against the first."""
    first, *others = reports
    counts = [_flips(first, other) for other in others]
    ps = holm([mcnemar(gained, lost).p for gained, lost in counts])
    return [Difference(other.model, *count, p) for other, count, p in zip(others, counts, ps, strict=True)]


def _flips(first: Report, other: Report) -> tuple[int, int]:
    both = list(zip(first.right, other.right, strict=True))
    return sum(new and not old for old, new in both), sum(old and not new for old, new in both)
