"""Classifying with a Hugging Face checkpoint: the exact probability of every label, batches of rows at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path as File

from demiurgic.evaluation.intents.checkpoint_model import CheckpointModel
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.odds import Path, Tree
from demiurgic.evaluation.intents.predictions import Prediction, predicted
from demiurgic.evaluation.intents.wording import fitted


class CheckpointIntents:
    """Satisfies `Classifier`. A batch that does not fit into memory is halved, down to single rows."""

    def __init__(self, folder: File, labels: Labels, batch: int) -> None:
        self._model, self._labels, self._batch = CheckpointModel(folder), labels, batch

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """Names the folder's files by their sizes and ages."""
        return self._model.fingerprint

    @property
    def tells_odds(self) -> bool:
        """It does."""
        return True

    def classify(self, rows: Sequence[Row]) -> Iterator[Prediction]:
        """A prediction for every row. Rows of one form and of like length go together."""
        for form in sorted({row.form for row in rows}):
            tree = self._model.wording.tree(self._labels, form)
            alike = sorted((row for row in rows if row.form == form), key=lambda row: len(row.text))
            for start in range(0, len(alike), self._batch):
                yield from self._together(alike[start : start + self._batch], tree)

    def close(self) -> None:
        """Free the model."""
        self._model.close()

    def _together(self, rows: Sequence[Row], tree: Tree) -> Iterator[Prediction]:
        room = self._model.context - max(map(len, tree.labels))
        prompts: list[tuple[Path, bool]] = [fitted(row.conversation, self._model.wording.prompt, room) for row in rows]
        try:
            readings = self._model.read([prompt for prompt, _ in prompts], tree)
        except MemoryError as error:
            if len(rows) == 1:
                yield Prediction(rows[0].line, kind="memory", problem=str(error).splitlines()[0])
                return
            half = len(rows) // 2
            yield from self._together(rows[:half], tree)
            yield from self._together(rows[half:], tree)
            return
        for row, (_, shortened), reading in zip(rows, prompts, readings, strict=True):
            yield predicted(row, self._labels, reading, shortened=shortened)
