"""What a run came to, as values and as the files that its users read."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.evaluation.intents.confidence import (
    Calibration,
    Judged,
    Threshold,
    best_threshold,
    calibration,
    curve,
    separation,
)
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.metrics import Pair, Scores, confusion, most_confused, scores
from demiurgic.evaluation.intents.picture import draw
from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic.evaluation.intents.running import Outcome, Standing
from demiurgic.evaluation.statistics import Interval, wilson
from demiurgic.messages import Json
from demiurgic_models.files import write_beside

_LIKELIEST = 3


@dataclass(frozen=True, slots=True)
class Sureness:
    """What the probabilities are good for. `separation` is None where there was nothing out of scope."""

    calibration: Calibration
    curve: list[Threshold]
    best: Threshold
    separation: float | None
    out_of_scope: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of one model."""

    model: str
    scores: Scores
    interval: Interval
    confused: list[tuple[Pair, int]]
    failed: int
    shortened: int
    sureness: Sureness | None
    standing: Standing
    right: tuple[bool, ...]
    """Row by row, in scope only, to compare models by."""


def report_of(model: str, rows: Sequence[Row], outcome: Outcome, labels: Labels) -> Report:
    """What these predictions come to."""
    told = list(zip(rows, outcome.predictions, strict=True))
    inside = [(row, prediction) for row, prediction in told if row.truth in labels.names]
    pairs = [(row.truth, prediction.label) for row, prediction in inside]
    result = scores(pairs)
    return Report(
        model=model,
        scores=result,
        interval=wilson(result.right, result.rows),
        confused=most_confused(pairs),
        failed=sum(not prediction.label for _, prediction in told),
        shortened=sum(prediction.shortened for _, prediction in told),
        sureness=_sureness(told, labels),
        standing=outcome.standing,
        right=tuple(truth == said for truth, said in pairs),
    )


def write_report(folder: Path, rows: Sequence[Row], outcome: Outcome, labels: Labels, report: Report) -> None:
    """Write all files of a report but the manifest, each whole or not at all."""
    told = list(zip(rows, outcome.predictions, strict=True))
    pairs = [(row.truth, prediction.label) for row, prediction in told if row.truth in labels.names]
    counts = confusion(pairs, labels.names)
    failed = [_failed(row, prediction) for row, prediction in told if not prediction.label]
    wrong = [_wrong(row, prediction) for row, prediction in told if prediction.label and row.truth in labels.names]
    _write(folder / "failed_predictions.json", failed)
    _write(folder / "error_predictions.json", [each for each in wrong if each["truth"] != each["predicted"]])
    _write(folder / "detailed_analysis.json", _details(report, labels, counts))
    _write(folder / "evaluation_results.json", _results(report, folder))
    draw(folder / "confusion_matrix.png", labels.names, counts)


def _sureness(told: Sequence[tuple[Row, Prediction]], labels: Labels) -> Sureness | None:
    """Of the predictions that have a probability; None where there are none."""
    judged = [
        Judged(prediction.confidence, row.truth == prediction.label, row.truth in labels.names)
        for row, prediction in told
        if prediction.confidence is not None
    ]
    inside = [each for each in judged if each.in_scope]
    if not inside:
        return None
    thresholds = curve(judged)
    outside = len(judged) - len(inside)
    return Sureness(calibration(inside), thresholds, best_threshold(thresholds), separation(judged), outside)


def _failed(row: Row, prediction: Prediction) -> dict[str, Json]:
    told = {"line": row.line, "text": row.text, "truth": row.truth}
    return {**told, "kind": prediction.kind, "problem": prediction.problem, "shortened": prediction.shortened}


def _wrong(row: Row, prediction: Prediction) -> dict[str, Json]:
    return {
        "line": row.line,
        "text": row.text,
        "truth": row.truth,
        "predicted": prediction.label,
        "confidence": prediction.confidence,
        "truth_probability": prediction.odds.get(row.truth, 0.0) if prediction.odds else None,
        "likeliest": dict(list(prediction.odds.items())[:_LIKELIEST]),
        "shortened": prediction.shortened,
    }


def _details(report: Report, labels: Labels, counts: list[list[int]]) -> dict[str, Json]:
    confused = [{"truth": truth, "predicted": said, "count": count} for (truth, said), count in report.confused]
    sureness = report.sureness
    return {
        "per_label": {name: asdict(score) for name, score in report.scores.per_label.items()},
        "most_confused": confused,
        "confusion_matrix": {"labels": [*labels.names], "last_column": "no prediction", "counts": counts},
        "calibration": sureness and asdict(sureness.calibration),
        "threshold_curve": sureness and [asdict(each) for each in sureness.curve],
    }


def _results(report: Report, folder: Path) -> dict[str, Json]:
    result, sureness = report.scores, report.sureness
    return {
        "manifest": json.loads((folder / "manifest.json").read_text("utf-8")),
        "rows": result.rows,
        "right": result.right,
        "accuracy": result.accuracy,
        "accuracy_interval": report.interval,
        "balanced_accuracy": result.balanced_accuracy,
        "macro_f1": result.macro_f1,
        "weighted_f1": result.weighted_f1,
        "failed": report.failed,
        "shortened": report.shortened,
        "expected_calibration_error": sureness and sureness.calibration.expected_error,
        "out_of_scope": sureness
        and {"rows": sureness.out_of_scope, "separation": sureness.separation, "best": asdict(sureness.best)},
        "last_start": {**asdict(report.standing), "rows_per_second": report.standing.speed},
    }


def _write(path: Path, value: Json) -> None:
    write_beside(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")
