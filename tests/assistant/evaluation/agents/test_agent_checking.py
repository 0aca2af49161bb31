"""Checking an agent's work: what it may hand in, and what it cannot reach."""

import os
from pathlib import Path

import pytest

from demiurgic.evaluation.agents.checking import check
from demiurgic.evaluation.agents.tasks import Allowance, Task
from demiurgic.sandbox.choose import open_sandbox

TESTS = """import unittest

from calc import add


class Adding(unittest.TestCase):
    def test_it(self):
        self.assertEqual(add(2, 3), 5)
"""
HARMLESS = "import unittest\nclass Adding(unittest.TestCase):\n    def test_it(self): pass\n"
RIGHT = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"


@pytest.fixture
def trial(tmp_path):
    """Whether the agent's files pass. They are given by name."""
    folder = tmp_path / "suite" / "fix" / "adding"
    for path, text in {"files/calc.py": WRONG, "hidden/test_calc.py": TESTS, "files/notes.txt": "as it was"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    worked = tmp_path / "worked"
    worked.mkdir()

    def trial(files, solution=("*.py",), answer="", **more):
        for name, text in files.items():
            (worked / name).parent.mkdir(parents=True, exist_ok=True)
            (worked / name).write_text(text)
        task = Task("fix", "adding", folder, tmp_path / "suite" / "common", "Fix it.", solution, **more)
        return check(task, worked, answer, tmp_path / "check", lambda policy: open_sandbox("auto", policy, True))

    trial.worked, trial.place, trial.task = worked, tmp_path / "check", folder
    return trial


def test_right_work_passes(trial):
    assert trial({"calc.py": RIGHT}).solved


def test_wrong_work_says_why_not(trial):
    found = trial({"calc.py": WRONG})
    assert not found.solved
    assert "-1 != 5" in found.detail


@pytest.mark.parametrize(
    "files",
    [
        {"test_calc.py": "import unittest\n"},
        {"conftest.py": "import sys; sys.exit(0)\n"},
        {"sitecustomize.py": "import os; os._exit(0)\n"},
        {"usercustomize.py": "import os; os._exit(0)\n"},
        {"unittest.py": "class TestCase: pass\n"},
        {"unittest/__init__.py": "import os; os._exit(0)\n"},
        {"calc/__init__.py": "def add(a, b): return a - b\n"},
        {"test_calc/__init__.py": HARMLESS},
        {"calc.py": "import sys\nsys.exit(0)\n"},
        {"calc.py": "import os\nos._exit(0)\n"},
        {"calc.py": "raise SystemExit\n"},
        {"calc.py": "import atexit, os\natexit.register(os._exit, 0)\ndef add(a, b): return 0\n"},
        {"calc.py": "print('passed')\ndef add(a, b): return 0\n"},
        {"calc.py": "import unittest\nunittest.main(argv=['x'])\n"},
        {"calc.py": "import unittest\nraise unittest.SkipTest('not today')\n"},
    ],
    ids=lambda files: f"{next(iter(files))}: {next(iter(files.values()))[:30]!r}",
)
def test_nothing_but_right_work_passes(trial, files):
    assert not trial({"calc.py": WRONG} | files).solved


def test_what_all_hidden_tests_share_cannot_be_replaced(trial):
    common = trial.task.parents[1] / "common"
    common.mkdir()
    (common / "checking.py").write_text(TESTS)
    (trial.task / "hidden" / "test_calc.py").write_text("from checking import Adding\n")
    assert not trial({"calc.py": WRONG, "checking/__init__.py": HARMLESS}).solved


def test_only_a_solutions_files_are_taken(trial):
    trial({"calc.py": RIGHT, "notes.txt": "changed", "more.txt": "new"})
    assert (trial.place / "notes.txt").read_text() == "as it was"
    assert not (trial.place / "more.txt").exists()


def test_a_deleted_file_is_gone_where_a_solution_may_delete_it(trial):
    assert not trial({}).solved
    assert not (trial.place / "calc.py").exists()
    assert (trial.place / "notes.txt").exists()


def test_links_and_pipes_are_not_taken(trial, tmp_path):
    (tmp_path / "secret.py").write_text(RIGHT)
    (trial.worked / "calc.py").symlink_to(tmp_path / "secret.py")
    (trial.worked / "linked").symlink_to(trial.task)
    os.mkfifo(trial.worked / "pipe.py")
    assert not trial({}).solved
    assert sorted(path.name for path in trial.place.glob("*.py")) == ["test_calc.py"]


def test_a_large_file_is_not_taken(trial):
    trial({"calc.py": RIGHT, "large.py": "#" * (1 << 20) + "\n"})
    assert not (trial.place / "large.py").exists()


def test_work_that_hangs_has_failed(trial):
    found = trial({"calc.py": "while True:\n    pass\n"}, allowance=Allowance(check_seconds=1.0))
    assert not found.solved
    assert found.detail.startswith(("[cpu_limit]", "[timeout]"))


ASKED = """import pathlib
import unittest


class Said(unittest.TestCase):
    def test_it(self):
        self.assertEqual(pathlib.Path("answer.txt").read_text("utf-8"), "42 äpfel")
"""


@pytest.mark.parametrize(("answer", "solved"), [("42 äpfel", True), ("42 \ud800pfel", False), ("", False)])
def test_hidden_tests_find_what_was_said(trial, answer, solved):
    (trial.task / "hidden" / "test_calc.py").write_text(ASKED)
    assert trial({"answer.txt": "42 äpfel"}, answer=answer).solved is solved


@pytest.mark.parametrize(("code", "solved"), [(0, True), (3, False)])
def test_a_command_of_the_tasks_own_decides_by_its_exit_code(trial, code, solved):
    (trial.task / "hidden" / "decide.sh").write_text("exit $(cat code.txt)\n")
    found = trial({"code.txt": str(code)}, solution=("code.txt",), test=("sh", "decide.sh"))
    assert found.solved is solved


def test_the_work_itself_stays_as_it_is(trial):
    trial({"calc.py": RIGHT})
    assert sorted(path.name for path in trial.worked.iterdir()) == ["calc.py"]
    assert not Path(trial.worked, "test_calc.py").exists()
