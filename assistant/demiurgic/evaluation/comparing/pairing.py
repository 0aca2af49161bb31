"""Compares scored runs with the first of them, on the tasks that all of them have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.evaluation.comparing.caveats import caveats
from demiurgic.evaluation.comparing.loading import ScoredRun
from demiurgic.evaluation.statistics import (
    Interval,
    PairedTest,
    bootstrap,
    holm,
    mcnemar,
    mean_pass_at_k,
    paired_interval,
    sign_flip_test,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """pass@1 of one run on the common tasks."""

    run: ScoredRun
    share: float
    interval: Interval
    samples: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What one run gains and loses against the first. A task counts as gained where a greater share of its samples
    passes: with one sample each, where it passes at last."""

    run: ScoredRun
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    points: float
    interval: Interval
    test: PairedTest
    p_of_all: float
    """The test's p, raised by Holm's rule for the number of runs compared."""
    single: bool
    """Whether all tasks have one sample on both sides, so that the test is McNemar's; else signs are flipped and the
    interval is a bootstrap's."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that can be said of several runs. Shares and points are fractions of the common tasks."""

    tasks: tuple[str, ...]
    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...]
    caveats: tuple[str, ...]

    @property
    def runs(self) -> tuple[ScoredRun, ...]:
        """In the order in which they were named."""
        return tuple(standing.run for standing in self.standings)


def compare(runs: Sequence[ScoredRun], seed: int = 0) -> Comparison:
    """Compare each run with the first. `seed` decides the bootstrap. Raises where no task is common to all."""
    if len(runs) < 2:
        raise UserError("one run cannot be compared", "name two or more")
    first, *others = runs
    tasks = tuple(task for task in first.tasks if all(task in other.tasks for other in others))
    if not tasks:
        raise BadEvaluationFile("the runs have no task in common", "compare runs of the same problems")
    found = [_difference(first, other, tasks, seed) for other in others]
    raised = holm([each.test.p for each in found])
    differences = tuple(replace(each, p_of_all=p) for each, p in zip(found, raised, strict=True))
    return Comparison(tasks, tuple(_standing(run, tasks) for run in runs), differences, tuple(caveats(runs, tasks)))


def passed_of(run: ScoredRun, task: str) -> tuple[int, int]:
    """How many of a task's samples passed, and how many there are."""
    samples = run.tasks[task]
    return sum(each.verdict.passed for each in samples), len(samples)


def _standing(run: ScoredRun, tasks: Sequence[str]) -> Standing:
    counts = [passed_of(run, task) for task in tasks]
    share, interval = mean_pass_at_k([(count, passed) for passed, count in counts], 1)
    return Standing(run, share, interval, sum(count for _, count in counts))


def _difference(first: ScoredRun, other: ScoredRun, tasks: Sequence[str], seed: int) -> Difference:
    differences = [Fraction(*passed_of(other, task)) - Fraction(*passed_of(first, task)) for task in tasks]
    gained = tuple(task for task, each in zip(tasks, differences, strict=True) if each > 0)
    lost = tuple(task for task, each in zip(tasks, differences, strict=True) if each < 0)
    single = all(len(run.tasks[task]) == 1 for run in (first, other) for task in tasks)
    if single:
        test = mcnemar(len(gained), len(lost))
        interval = paired_interval(len(gained), len(lost), len(tasks))
    else:
        test = sign_flip_test(differences)
        interval = bootstrap([float(each) for each in differences], seed)
    points = float(sum(differences, Fraction(0)) / len(tasks))
    return Difference(other, gained, lost, points, interval, test, test.p, single)
