"""Whether an answer's code passes its tests, and whether the tests could have failed at all.

Both come from a model, so that neither is trusted: they run together, in the sandbox that candidates of evaluations run
in. Tests are asserts, or functions and unittest's classes that make them; HumanEval's `check` is one as well. They see
the code's names, and may import them from `solution`. An answer that wants to deceive its own tests can do so: it is
its teacher's honesty that is relied on here, as it is not where models are scored.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Self

from demiurgic.chat.lenient import json_object
from demiurgic.evaluation.lines import Row as Held
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.verdicts import Candidate, Judging, Outcome, Verdict
from demiurgic.fences import python_of
from demiurgic_training.journal import Journal
from demiurgic_training.mutants import mutants_of
from demiurgic_training.rows import Row

_ENTRY = "run_the_tests_of_this_row"
_CHECK = "def check(candidate):\n    assert candidate() == 'passed'\n"
_MUTANTS = 3
_BATCH = 256
_DRIVER = """

def {entry}():
    import sys
    program = sys.modules["program"]
    sys.modules["solution"] = program
    names = dict(vars(program), __name__="tests")
    exec(compile({tests!r}, "<tests>", "exec"), names)
    for name, test in list(names.items()):
        if isinstance(test, type) and "unittest" in sys.modules and issubclass(test, sys.modules["unittest"].TestCase):
            result = sys.modules["unittest"].TestResult()
            sys.modules["unittest"].defaultTestLoader.loadTestsFromTestCase(test).run(result)
            for _, told in result.failures + result.errors:
                raise AssertionError(told.strip().splitlines()[-1])
        elif name.startswith("test") and callable(test):
            test()
    if {target!r} and callable(names.get("check")):
        names["check"](names[{target!r}])
    return "passed"
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """Code, and what must hold of it. `key` is the caller's."""

    key: str
    code: str
    tests: str
    target: str = ""
    """The function that HumanEval's `check` takes."""

    @property
    def digest(self) -> str:
        """The same for the same code and tests."""
        return sha256("\x00".join((self.code, self.tests, self.target)).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What running it came to. `mutants` wrong versions of the code were tried where it passed."""

    outcome: str
    detail: str = ""
    mutants: int = 0
    killed: int = 0

    @property
    def passed(self) -> bool:
        return self.outcome == Outcome.PASS

    @property
    def proven(self) -> bool:
        """It passed tests that fail with wrong code."""
        return self.passed and self.killed > 0


def trial_of(row: Row, key: str = "") -> Trial | None:
    """What is to be run of a row; None where it has no tests."""
    tests, target = row.meta.get("tests"), row.meta.get("entry_point", "")
    if not isinstance(tests, str) or not tests.strip() or not isinstance(target, str):
        return None
    return Trial(key, python_of(row.answer), tests, target)


def noted(row: Row, ruling: Ruling) -> Row:
    """The row, which now says what running it came to."""
    before = json_object(row.meta.get("verdicts"))
    return row.noting(verdicts={**before, "execution": asdict(ruling)})


class Proving:
    """Runs trials. What was ruled once is remembered in a file, so that a run that was killed goes on."""

    def __init__(self, judging: Judging, memory: Path) -> None:
        self._judging = judging
        self._known: dict[str, Ruling] = {}
        self._journal = Journal(memory, self._take)

    def rule(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, Ruling]]:
        """Each with its ruling, in their order. Raises SandboxError where nothing can be run."""
        drawn = iter(trials)
        while batch := list(islice(drawn, _BATCH)):
            fresh = {trial.digest: trial for trial in batch if trial.digest not in self._known}
            for digest, ruling in self._ruled(fresh):
                self._journal.append({"digest": digest, **asdict(ruling)})
                self._known[digest] = ruling
            yield from ((trial, self._known[trial.digest]) for trial in batch)

    def close(self) -> None:
        """Let go of the file. The judging is its opener's."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ruled(self, trials: dict[str, Trial]) -> Iterator[tuple[str, Ruling]]:
        passed: list[str] = []
        for digest, verdict in self._verdicts((digest, trial, trial.code) for digest, trial in trials.items()):
            if verdict.passed:
                passed.append(digest)
            else:
                yield digest, Ruling(_outcome(verdict), verdict.detail)
        wrong = {digest: mutants_of(trials[digest].code, _MUTANTS) for digest in passed}
        killed = dict.fromkeys(passed, 0)
        for digest, verdict in self._verdicts(
            (digest, trials[digest], code) for digest, codes in wrong.items() for code in codes
        ):
            killed[digest] += not verdict.passed
        for digest in passed:
            yield digest, Ruling(Outcome.PASS, "", len(wrong[digest]), killed[digest])

    def _verdicts(self, sources: Iterable[tuple[str, Trial, str]]) -> Iterator[tuple[str, Verdict]]:
        problem = Problem("", "", _ENTRY, _CHECK)
        for candidate, verdict in self._judging.judge(
            Candidate(digest, problem, code + _DRIVER.format(entry=_ENTRY, tests=trial.tests, target=trial.target))
            for digest, trial, code in sources
        ):
            yield candidate.key, verdict

    def _take(self, held: Held) -> None:
        digest = held.pop("digest")
        self._known[digest] = Ruling(**held)


def _outcome(verdict: Verdict) -> str:
    """A test's assert fails within the program here, where it looks like an exception of the program's own."""
    failed = verdict.outcome is Outcome.EXCEPTION and verdict.detail.startswith("AssertionError")
    return Outcome.ASSERTION if failed else verdict.outcome
