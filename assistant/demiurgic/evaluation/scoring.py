"""From samples to results: every sample judged, and what all of it says together.

Prints nothing and writes nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.results import Scored
from demiurgic.evaluation.samples import Sample
from demiurgic.evaluation.statistics import Interval, mean_pass_at_k
from demiurgic.evaluation.verdicts import Candidate, Judging, Outcome


@dataclass(frozen=True, slots=True)
class Score:
    """What the results of a set of problems come to."""

    problems: int
    """Of the whole set."""
    counts: Mapping[str, tuple[int, int]]
    """By problem that was tried at all: samples, and how many of them passed."""
    outcomes: Mapping[Outcome, int]
    """The most frequent first."""

    @property
    def samples(self) -> int:
        return sum(self.outcomes.values())

    @property
    def coverage(self) -> float:
        """The share of the set that was tried."""
        return len(self.counts) / self.problems

    @property
    def fewest(self) -> int:
        """Samples of the problem that has the fewest: no larger k can be told of."""
        return min((count for count, _ in self.counts.values()), default=0)

    def pass_at(self, k: int) -> tuple[float, Interval]:
        """pass@k over the problems that were tried, with its 95 % interval."""
        return mean_pass_at_k(list(self.counts.values()), k)


def score_samples(
    samples: Sequence[Sample],
    problems: Mapping[str, Problem],
    judging: Judging,
    report: Callable[[Scored], None] = lambda scored: None,
) -> list[Scored]:
    """Judge all samples; they come back in their own order, and are reported as they end."""
    known = {str(number): sample for number, sample in enumerate(samples)}
    found: dict[str, Scored] = {}
    for candidate, verdict in judging.judge(
        Candidate(key, problems[sample.task_id], problems[sample.task_id].program(sample.completion))
        for key, sample in known.items()
    ):
        found[candidate.key] = Scored(known[candidate.key], verdict)
        report(found[candidate.key])
    return [found[key] for key in known]


def summed_up(scored: Sequence[Scored], problems: int) -> Score:
    """What they come to, in a set of so many problems."""
    tried = Counter(each.sample.task_id for each in scored)
    passed = Counter(each.sample.task_id for each in scored if each.verdict.passed)
    outcomes = Counter(each.verdict.outcome for each in scored)
    counts = {task: (count, passed[task]) for task, count in tried.items()}
    return Score(problems, counts, dict(outcomes.most_common()))
