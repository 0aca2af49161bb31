"""Predictions on disk as they come: whoever kills a run loses no more than what was under way.

A folder belongs to one model, test file, set of labels and prompt; the next start with the same goes on from there,
whatever sample it takes. What failed is tried again.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic.evaluation.lines import Lines, Row
from demiurgic.evaluation.manifest import settle


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that decides a prediction."""

    model: str
    weights: str
    labels: str
    """SHA-256 of the labels' file; so is `test` of the test file."""
    test: str
    prompt: str
    tolerance: float


class Journal:
    """The predictions of one folder, open for more. Only one program at a time writes to it."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.done: dict[int, Prediction] = {}
        self._lines = Lines(folder / "predictions.jsonl", self._take)
        try:
            settle(folder, manifest)
        except BaseException:
            self._lines.close()
            raise

    def add(self, prediction: Prediction) -> None:
        """It is on the disk when this returns."""
        self._lines.append(asdict(prediction))
        self.done[prediction.line] = prediction

    def close(self) -> None:
        """Let others write."""
        self._lines.close()

    def _take(self, row: Row) -> None:
        """What has no label is tried again."""
        prediction = Prediction(**row)
        if prediction.label:
            self.done[prediction.line] = prediction
