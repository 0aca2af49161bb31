"""What a run came to: the rows that are kept, those that are not and why, and the counts."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from demiurgic_models.files import write_beside
from demiurgic_training.files import writing
from demiurgic_training.generating.running import rows_of
from demiurgic_training.generating.values import Made, Outcome
from demiurgic_training.teachers.ledger import Ledger

ROWS, DROPPED, REPORT = "rows.jsonl", "dropped.jsonl", "report.json"


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of a run."""

    kept: int
    dropped: Mapping[str, int]
    by_teacher: Mapping[str, int]
    spent: Mapping[str, str]


def write_report(folder: Path, outcomes: Mapping[int, Outcome], ledger: Ledger) -> Report:
    """Write all of it into the run's folder."""
    kept, dropped, by_teacher = 0, Counter[str](), Counter[str]()
    with ExitStack() as files:
        keep, drop = files.enter_context(writing(folder / ROWS)), files.enter_context(writing(folder / DROPPED))
        for outcome in rows_of(outcomes):
            if isinstance(outcome, Made):
                kept += 1
                by_teacher[str(outcome.row.meta["teacher"])] += 1
                keep(outcome.row)
                continue
            dropped[outcome.reason] += 1
            if outcome.row is not None:
                drop(outcome.row.noting(dropped=outcome.row.meta.get("dropped", outcome.reason)))
    spent = {currency: str(money.amount) for currency, money in ledger.spent().items()}
    report = Report(kept, dict(dropped.most_common()), dict(by_teacher.most_common()), spent)
    told = {"kept": report.kept, "dropped": report.dropped, "teachers": report.by_teacher, "spent": report.spent}
    write_beside(folder / REPORT, json.dumps(told, indent=2) + "\n")
    return report
