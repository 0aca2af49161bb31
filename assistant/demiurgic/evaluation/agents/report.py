"""What a run over a suite says: by kind and as a whole, for eyes and as data.

The intervals are Wilson's, at 95 %. With several seeds the runs of one task are no independent trials, so shares are
taken by task first: each counts as solved in the share of its runs that were.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from demiurgic.agent.sessions.values import to_json
from demiurgic.evaluation.agents.journal import Manifest
from demiurgic.evaluation.agents.running import Run
from demiurgic.evaluation.statistics import mean_share
from demiurgic_models.files import write_beside

_RESULTS = "results.json"


@dataclass(frozen=True, slots=True)
class Row:
    """Some runs, summed up. Per-run figures are means."""

    name: str
    tasks: int
    runs: int
    solved: int
    share: float
    low: float
    high: float
    broke: int
    """Runs in which the model or its engine failed. They count as not solved."""
    calls: int
    malformed: int
    unheard: int
    failed_calls: int
    failed_edits: int
    steps: float
    prompt_tokens: float
    cached_tokens: float
    completion_tokens: float
    seconds: float


def summary(runs: Sequence[Run]) -> list[Row]:
    """One row for each kind, in the order of their first runs, and one for all."""
    kinds = dict.fromkeys(run.kind for run in runs)
    rows = [_row(kind, [run for run in runs if run.kind == kind]) for kind in kinds]
    return [*rows, _row("all", runs)]


def write_report(folder: Path, manifest: Manifest, runs: Sequence[Run], planned: int) -> None:
    """Everything about the run in one file, whole or not at all."""
    report = {
        "manifest": asdict(manifest),
        "planned": planned,
        "done": len(runs),
        "summary": [asdict(row) for row in summary(runs)],
        "runs": [to_json(run) for run in runs],
    }
    write_beside(folder / _RESULTS, json.dumps(report, indent=1) + "\n")


def _row(name: str, runs: Sequence[Run]) -> Row:
    count = len(runs)
    by_task: dict[str, list[bool]] = {}
    for run in runs:
        by_task.setdefault(run.task, []).append(run.solved)
    share, (low, high) = mean_share([mean(solved) for solved in by_task.values()], draws=count)
    took = [run.took for run in runs]
    each = max(count, 1)
    return Row(
        name=name,
        tasks=len(by_task),
        runs=count,
        solved=sum(run.solved for run in runs),
        share=share,
        low=low,
        high=high,
        broke=sum(run.broke for run in runs),
        calls=sum(one.calls for one in took),
        malformed=sum(one.malformed for one in took),
        unheard=sum(one.unheard for one in took),
        failed_calls=sum(one.failed_calls for one in took),
        failed_edits=sum(one.failed_edits for one in took),
        steps=sum(one.steps for one in took) / each,
        prompt_tokens=sum(one.prompt_tokens for one in took) / each,
        cached_tokens=sum(one.cached_tokens for one in took) / each,
        completion_tokens=sum(one.completion_tokens for one in took) / each,
        seconds=sum(run.seconds for run in runs) / each,
    )
