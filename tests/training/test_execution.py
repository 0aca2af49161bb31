"""Code is run with its tests, in the sandbox; tests that wrong code passes prove nothing."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from demiurgic.errors import UserError
from demiurgic.evaluation.executing.executor import Executor
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.verdicts import Candidate, Outcome, Verdict
from demiurgic_training.execution import Proving, Ruling, Trial, noted, trial_of
from demiurgic_training.mutants import mutants_of
from demiurgic_training.rows import asked

ADD = "def add(a, b):\n    return a + b\n"


@pytest.fixture(scope="module")
def judging() -> Iterator[Executor]:
    executor = Executor(2, TrialLimits(cpu=2))
    yield executor
    executor.close()


def ruled(judging: Executor, folder: Path, *trials: Trial) -> list[Ruling]:
    with Proving(judging, folder / "verdicts.jsonl") as proving:
        return [ruling for _, ruling in proving.rule(trials)]


@pytest.mark.parametrize(
    "tests",
    [
        "assert add(1, 2) == 3",
        "from solution import add\nassert add(1, 2) == 3",
        "import solution\ndef test_it():\n    assert solution.add(1, 2) == 3",
        "def test_it():\n    assert add(1, 2) == 3\nif __name__ == '__main__':\n    1 / 0",
        "import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(add(1, 2), 3)",
    ],
)
def test_tests_of_every_kind_are_run(judging: Executor, tmp_path: Path, tests: str):
    wrong = ADD.replace("+", "-")
    right, failed = ruled(judging, tmp_path, Trial("1", ADD, tests), Trial("2", wrong, tests))
    assert (right.outcome, right.mutants, right.killed, right.proven) == ("pass", 2, 2, True)
    assert (failed.outcome, failed.proven) == ("assertion", False)


def test_checks_as_of_humaneval_are_run(judging: Executor, tmp_path: Path):
    tests = "METADATA = {}\n\ndef check(candidate):\n    assert candidate(1, 2) == 3\n"
    right, wrong = ruled(
        judging, tmp_path, Trial("", ADD, tests, "add"), Trial("", ADD.replace("+", "*"), tests, "add")
    )
    assert right.proven
    assert wrong.outcome == "assertion"


def test_tests_that_cannot_fail_prove_nothing(judging: Executor, tmp_path: Path):
    idle, silent = ruled(
        judging, tmp_path, Trial("", ADD, "def test_it():\n    add(1, 2)"), Trial("", ADD, "def helper(): pass")
    )
    assert (idle.passed, idle.killed, idle.proven) == (True, 0, False)
    assert not silent.proven


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("def add(a, b):\n    while True:\n        pass", Outcome.CPU_TIMEOUT),
        ("import os\ndef add(a, b):\n    os._exit(0)", Outcome.NO_VERDICT),
        ("def add(a, b:", Outcome.SYNTAX),
        ("def add(a, b):\n    return [0] * 10 ** 12", Outcome.EXCEPTION),
        ("add = 3", Outcome.EXCEPTION),
        ("open('/etc/hosts', 'w')\n" + ADD, Outcome.EXCEPTION),
    ],
)
def test_what_goes_wrong_has_its_name(judging: Executor, tmp_path: Path, code: str, outcome: Outcome):
    [ruling] = ruled(judging, tmp_path, Trial("", code, "assert add(1, 2) == 3"))
    assert ruling.outcome in (outcome, Outcome.MEMORY)
    assert not ruling.passed


class Counting:
    """Hand-written: everything passes, and is counted."""

    name = warning = ""

    def __init__(self) -> None:
        self.asked = 0

    def judge(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        for candidate in candidates:
            self.asked += 1
            yield candidate, Verdict(Outcome.PASS)

    def close(self) -> None: ...


def test_nothing_is_run_twice(tmp_path: Path):
    counting, memory = Counting(), tmp_path / "verdicts.jsonl"
    trial = Trial("a", ADD, "assert add(1, 2) == 3")
    for _ in range(2):
        with Proving(counting, memory) as proving:
            rulings = list(proving.rule([trial, Trial("b", ADD, "assert add(1, 2) == 3")]))
        assert [each.key for each, _ in rulings] == ["a", "b"]
        assert {ruling for _, ruling in rulings} == {Ruling("pass", "", 2, 0)}
    assert counting.asked == 3  # the code and two wrong versions, once


def test_two_programs_do_not_share_a_memory(tmp_path: Path):
    with Proving(Counting(), tmp_path / "v.jsonl"), pytest.raises(UserError, match="another program"):
        Proving(Counting(), tmp_path / "v.jsonl")


def test_what_is_run_of_a_row():
    row = asked("?", f"So:\n```python\n{ADD}```\nDone.", meta={"tests": "assert add(1, 1) == 2", "entry_point": "add"})
    assert trial_of(row, "7") == Trial("7", ADD.strip(), "assert add(1, 1) == 2", "add")
    assert trial_of(asked("?", ADD)) is None
    assert trial_of(asked("?", ADD, meta={"tests": 3})) is None


def test_verdicts_are_added_to_those_of_others():
    row = noted(asked("?", "!", meta={"verdicts": {"judge": 9}}), Ruling("pass", "", 3, 2))
    assert row.meta["verdicts"] == {
        "judge": 9,
        "execution": {"outcome": "pass", "detail": "", "mutants": 3, "killed": 2},
    }


def test_mutants_are_wrong_each_in_its_own_way():
    code = "def f(a, b):\n    if a < 3 and b:\n        return a * 2\n    return False\n"
    mutants = mutants_of(code, 9)
    assert mutants[0] == "def f(a, b):\n    pass"
    assert len(mutants) == len(set(mutants)) == 7
    assert "a >= 3" in mutants[1] + mutants[2] + mutants[3] + mutants[4]
    assert mutants_of(code, 3)[0] == mutants[0]
    assert len(mutants_of(code, 3)) == 3
    assert mutants_of("def f(:", 3) == []
    assert mutants_of("print('x')", 3) == []
