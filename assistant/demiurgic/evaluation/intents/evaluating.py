"""One examination, taken by one model after the other."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from demiurgic.evaluation.intents.data import PROMPT, Row, load_rows, sampled
from demiurgic.evaluation.intents.journal import Journal, Manifest
from demiurgic.evaluation.intents.labels import Labels, load_labels
from demiurgic.evaluation.intents.predictions import Classifier
from demiurgic.evaluation.intents.reports import Report, report_of, write_report
from demiurgic.evaluation.intents.running import Standing, classify


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: which rows, out of which labels, and how answers are spelled."""

    test: Path
    labels: Path
    out_of_scope: str | None = None
    form: str | None = None
    samples: int | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """The same, read and checked."""

    labels: Labels
    rows: tuple[Row, ...]
    label_digest: str
    test_digest: str


def read_examination(question: Question) -> Examination:
    """Read both files. Raises BadEvaluationFile, which names the line."""
    labels = load_labels(question.labels, question.form)
    rows = sampled(load_rows(question.test, labels, question.out_of_scope), question.samples)
    return Examination(labels, tuple(rows), _digest(question.labels), _digest(question.test))


def evaluate(
    classifier: Classifier, examination: Examination, tolerance: float, folder: Path, show: Callable[[Standing], None]
) -> Report:
    """Classify what is not yet in the model's own folder beneath this one, and write its files there."""
    own, labels = folder / Path(classifier.name).name, examination.labels
    manifest = Manifest(
        model=classifier.name,
        weights=classifier.fingerprint,
        labels=examination.label_digest,
        test=examination.test_digest,
        prompt=f"{PROMPT} {labels.forms[0]}",
        tolerance=tolerance,
    )
    with closing(Journal(own, manifest)) as journal:
        outcome = classify(classifier, examination.rows, journal, frozenset(labels.names), show)
        report = report_of(classifier.name, examination.rows, outcome, labels)
        write_report(own, examination.rows, outcome, labels, report)
    return report


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
