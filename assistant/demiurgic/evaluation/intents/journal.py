"""Predictions on disk as they come: whoever kills a run loses no more than what was under way.

A folder belongs to one model, test file, set of labels and prompt; the next start with the same goes on from there,
whatever sample it takes. What failed is tried again.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from demiurgic.errors import BadEvaluationFile, UserError, WorkError
from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic_models.files import write_beside


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
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "journal.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(f"another program writes to {folder}", "wait for it, or name another --out") from error
        try:
            _settle(folder / "manifest.json", manifest)
            self._path = folder / "predictions.jsonl"
            self.done, size = _read(self._path)
            self._file = self._path.open("ab")
            self._file.truncate(size)
        except OSError as error:
            self._lock.release()
            raise WorkError(f"{folder} cannot be written: {error.strerror}") from error
        except BaseException:
            self._lock.release()
            raise

    def add(self, prediction: Prediction) -> None:
        """It is on the disk when this returns."""
        try:
            self._file.write(json.dumps(asdict(prediction), ensure_ascii=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise WorkError(f"{self._path} cannot be written: {error.strerror}", "the run goes on from here") from error
        self.done[prediction.line] = prediction

    def close(self) -> None:
        """Let others write."""
        self._file.close()
        self._lock.release()


def _settle(path: Path, manifest: Manifest) -> None:
    ours = asdict(manifest)
    if not path.exists():
        write_beside(path, json.dumps(ours, indent=2) + "\n")
        return
    try:
        there = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BadEvaluationFile(f"{path} is damaged: {error}", "name another folder with --out") from error
    if there != ours:
        differing = [name for name in ours if not isinstance(there, dict) or there.get(name) != ours[name]]  # pyright: ignore[reportUnknownMemberType]
        raise UserError(
            f"{path.parent} holds predictions of another run: {', '.join(differing)} differ",
            "name another folder with --out",
        )


def _read(path: Path) -> tuple[dict[int, Prediction], int]:
    """All predictions that have a label, and how many bytes of the file are whole lines."""
    done: dict[int, Prediction] = {}
    size = 0
    for number, line in enumerate(_lines(path), 1):
        if not line.endswith(b"\n"):
            break
        try:
            prediction = Prediction(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise BadEvaluationFile(f"{path}, line {number} is damaged: {error}") from error
        size += len(line)
        if prediction.label:
            done[prediction.line] = prediction
    return done, size


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file
