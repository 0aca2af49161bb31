"""What a run came to: the rows that are kept, those that are not and why, and the counts."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from demiurgic_models.files import write_beside
from demiurgic_training.files import writing
from demiurgic_training.generating.values import Dropped, Made, Outcome
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
        for outcome in _each_once(outcomes):
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


def _each_once(outcomes: Mapping[int, Outcome]) -> Iterator[Outcome]:
    """In the order of their numbers, each question once."""
    seen: set[str] = set()
    for _, outcome in sorted(outcomes.items()):
        if isinstance(outcome, Made):
            known = "".join(outcome.row.question.lower().split())
            if known in seen:
                yield Dropped("repeated", outcome.row.noting(dropped="an earlier example asks the same"))
                continue
            seen.add(known)
        yield outcome
