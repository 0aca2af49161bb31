"""What a model made of one input, and who can say so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.odds import Reading

_NEGLIGIBLE = 1e-6
"""Labels less probable than this are not told."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label given to the input of this line; none where `problem` says why there is none."""

    line: int
    label: str = ""
    odds: dict[str, float] = field(default_factory=dict[str, float])
    """The labels' probabilities, which sum to one, the likeliest first; empty where the model tells none."""
    any_label: float | None = None
    """How probable it was, before it was held to the labels, that the answer would begin with one of them."""
    shortened: bool = False
    """Whether the input was too long and lost its middle."""
    kind: str = ""
    """What kind of failure it was: engine, provider or memory."""
    problem: str = ""

    @property
    def confidence(self) -> float | None:
        """The probability of the label that was given."""
        return self.odds.get(self.label)


class Classifier(Protocol):
    """One model, ready to classify."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Names the weights, as far as that can be known."""
        ...

    @property
    def tells_odds(self) -> bool:
        """Whether predictions come with probabilities."""
        ...

    def classify(self, rows: Sequence[Row]) -> Iterator[Prediction]:
        """A prediction for every row, as they come. Work that failed is a prediction too, one without a label."""
        ...

    def close(self) -> None: ...


def predicted(row: Row, labels: Labels, reading: Reading, *, shortened: bool) -> Prediction:
    """What a reading of the labels says of a row."""
    odds = {labels.names[number]: odd for number, odd in reading.odds().items() if odd >= _NEGLIGIBLE}
    return Prediction(row.line, next(iter(odds)), odds, reading.any_label, shortened)
