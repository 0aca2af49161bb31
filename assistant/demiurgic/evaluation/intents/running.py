"""One model over all rows: what was done before is kept, what comes is written down and counted."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demiurgic.errors import WorkError
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.journal import Journal
from demiurgic.evaluation.intents.predictions import Classifier, Prediction

_HOPELESS = 5
"""Failures in a row from the very first on, after which the rest is not tried."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands. Rows that no label covers can be neither right nor wrong."""

    done: int
    total: int
    right: int
    judged: int
    fresh: int
    """Rows done by this start of the program, in `seconds`."""
    seconds: float

    @property
    def speed(self) -> float:
        """Rows a second."""
        return self.fresh / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The prediction of every row, in their order, and how the last start of the program went."""

    predictions: tuple[Prediction, ...]
    standing: Standing


def classify(
    classifier: Classifier,
    rows: Sequence[Row],
    journal: Journal,
    scope: frozenset[str],
    show: Callable[[Standing], None],
) -> Outcome:
    """Classify what the journal does not have yet. `scope` holds the labels there are to choose from."""
    by_line = {row.line: row for row in rows}
    predictions = {line: prediction for line, prediction in journal.done.items() if line in by_line}
    missing = [row for row in rows if row.line not in predictions]
    counted = _Counter(by_line, scope)
    for prediction in predictions.values():
        counted.take(prediction)
    begun = len(predictions)
    start, failures = time.monotonic(), 0
    standing = counted.standing(0, 0.0)
    for prediction in classifier.classify(missing) if missing else ():
        journal.add(prediction)
        predictions[prediction.line] = prediction
        counted.take(prediction)
        failures += not prediction.label
        if failures == _HOPELESS == len(predictions) - begun:
            raise WorkError(f"the first {failures} rows all failed: {prediction.problem}")
        standing = counted.standing(len(predictions) - begun, time.monotonic() - start)
        show(standing)
    return Outcome(tuple(predictions[row.line] for row in rows), standing)


class _Counter:
    def __init__(self, rows: dict[int, Row], scope: frozenset[str]) -> None:
        self._rows, self._scope = rows, scope
        self._done = self._right = self._judged = 0

    def take(self, prediction: Prediction) -> None:
        truth = self._rows[prediction.line].truth
        self._done += 1
        self._judged += truth in self._scope
        self._right += truth == prediction.label

    def standing(self, fresh: int, seconds: float) -> Standing:
        return Standing(self._done, len(self._rows), self._right, self._judged, fresh, seconds)
