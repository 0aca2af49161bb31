"""What the report tells: everything that the stages left, read from their files and brought into a few values."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demiurgic.evaluation.comparing.loading import load_runs
from demiurgic.evaluation.comparing.pairing import Comparison, compare
from demiurgic.evaluation.problems import Problem, load_problems
from demiurgic_training.distilling.records import Made
from demiurgic_training.tuning.events import steps_of
from demiurgic_training.tuning.folder import RunFolder

_SHOWN = 4
"""Tasks of each kind that are shown with their code."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows there were after a step, and why others were left out."""

    what: str
    count: int
    without: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Taught:
    """How learning went."""

    losses: Sequence[tuple[int, float]]
    tokens_per_second: float
    peak_memory: int
    rows: int
    learned_share: float
    family: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the parity certificate says of one form."""

    form: str
    agrees: bool
    bytes: int
    difference: float
    divergence: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Shown:
    """One problem, and what base and student wrote for it."""

    task: str
    asked: str
    base: str
    student: str
    gained: bool


@dataclass(frozen=True, slots=True)
class Told:
    """All of it. The first run of the comparison is the base."""

    comparison: Comparison
    names: Sequence[str]
    funnel: Sequence[Counted]
    taught: Taught
    agreements: Sequence[Agreement]
    shown: Sequence[Shown]
    spent: Mapping[str, str]
    stages: Sequence[Made]


def read_all(needs: Mapping[str, Made], examined: Sequence[str]) -> Told:
    """Read what the stages left."""
    runs = [needs[name].file("results").parent for name in examined]
    comparison = compare(load_runs(runs))
    answers = _json(needs["answers"].file("report"))
    return Told(
        comparison,
        names=["base", *(f"student, {name.removeprefix('examine-').upper()}" for name in examined[1:])],
        funnel=list(_funnel(needs, answers)),
        taught=_taught(RunFolder(needs["train"].file("run"))),
        agreements=list(_agreements(needs["export"])),
        shown=list(_shown(comparison, load_problems(needs["material"].file("problems")))),
        spent=answers["spent"],
        stages=list(needs.values()),
    )


def _funnel(needs: Mapping[str, Made], answers: Any) -> Iterator[Counted]:  # noqa: ANN401 - JSON
    facts: Mapping[str, Any] = needs["material"].facts
    yield Counted("tasks", facts["tasks"], {"too much like a problem": facts.get("contaminated", 0)})
    yield Counted("answers that passed their tests", answers["kept"], answers["dropped"])
    for teacher, count in answers["teachers"].items():
        yield Counted(f"of them by {Path(teacher).name}", count, {})
    gone = Counter(str(line["filter"]) for line in _lines(needs["clean"].file("dropped")))
    yield Counted("rows to learn from", sum(1 for _ in _lines(needs["clean"].file("rows"))), gone)


def _taught(run: RunFolder) -> Taught:
    steps = steps_of(_lines(run.log))
    certificate = _json(run.certificate)
    part = certificate["train"]
    return Taught(
        losses=[(step.step, step.loss) for step in steps],
        tokens_per_second=sum(step.tokens_per_second for step in steps) / max(1, len(steps)),
        peak_memory=max((step.peak_memory for step in steps), default=0),
        rows=part["rows"],
        learned_share=part["learned"] / max(1, part["tokens"]),
        family=certificate["family"],
    )


def _agreements(export: Made) -> Iterator[Agreement]:
    folder = export.file("folder")
    (certificate,) = folder.glob("*.certificate.json")
    for held in _json(certificate)["files"]:
        measured: Mapping[str, float] = held["measured"] or {}
        file = export.files.get(held["form"])
        yield Agreement(
            held["form"],
            held["agrees"],
            file.stat().st_size if file else 0,
            measured.get("difference", 0.0),
            measured.get("divergence", 0.0),
            measured.get("agreement", 0.0),
        )


def _shown(comparison: Comparison, problems: Mapping[str, Problem]) -> Iterator[Shown]:
    first = comparison.differences[0]
    base, student = comparison.runs[0], first.run
    for gained, tasks in ((True, first.gained), (False, first.lost)):
        for task in tasks[:_SHOWN]:
            asked = problems[task].prompt
            yield Shown(
                task,
                asked,
                base.tasks[task][0].sample.completion,
                student.tasks[task][0].sample.completion,
                gained,
            )


def _json(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text("utf-8"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of ours."""
    with path.open("rb") as file:
        yield from map(json.loads, file)
