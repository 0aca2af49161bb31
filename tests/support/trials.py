"""Judging programs in tests: in every kind of house, with little patience."""

from collections.abc import Iterator
from contextlib import contextmanager

from support.cheats import LARGEST

from demiurgic.evaluation.executing.executor import Executor
from demiurgic.evaluation.executing.houses import LandlockHouse, NamespaceHouse, TrustedHouse
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.verdicts import Candidate, Verdict

HOUSES = {"namespaces": NamespaceHouse, "landlock": LandlockHouse, "trusted": TrustedHouse}
IMPATIENT = TrialLimits(cpu=1, patience=1.5)


@contextmanager
def executor(kind: str, workers: int = 2, limits: TrialLimits = IMPATIENT) -> Iterator[Executor]:
    judging = Executor(workers, limits, HOUSES[kind]())
    try:
        yield judging
    finally:
        judging.close()


def honest(key: str) -> Candidate:
    """A program that deserves to pass."""
    return Candidate(key, LARGEST, LARGEST.program(LARGEST.canonical_solution))


def problem(test: str, prompt: str = "", entry: str = "answer") -> Problem:
    return Problem("Own/0", prompt, entry, test)


def one(judging: Executor, wanted: Problem, source: str) -> Verdict:
    """The verdict on one program."""
    [(_, verdict)] = judging.judge([Candidate("one", wanted, source)])
    return verdict
