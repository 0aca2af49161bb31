"""The suite that comes with the program: every task can fail, every task can be solved, and nothing gives it away."""

import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demiurgic.errors import BadEvaluationFile
from demiurgic.evaluation.agents.checking import Check, check
from demiurgic.evaluation.agents.tasks import ANSWER, OWN_SUITE, Task, digest_of, load_suite
from demiurgic.sandbox.process import ProcessSandbox

TASKS = load_suite(OWN_SUITE)


def checked(task: Task, which: str) -> Check:
    worked = task.folder / which
    answer = worked / ANSWER
    with tempfile.TemporaryDirectory() as place:
        said = answer.read_text("utf-8") if answer.exists() else ""
        return check(task, worked, said, Path(place, "check"), ProcessSandbox)


@pytest.mark.slow
def test_hidden_tests_fail_before_and_pass_with_the_solution():
    with ThreadPoolExecutor(2) as pool:
        before = dict(zip(TASKS, pool.map(lambda task: checked(task, "files"), TASKS), strict=True))
        after = dict(zip(TASKS, pool.map(lambda task: checked(task, "solution"), TASKS), strict=True))
    assert [task.id for task, found in before.items() if found.solved] == []
    assert {task.id: found.detail for task, found in after.items() if not found.solved} == {}


def test_there_are_enough_of_each_kind_and_level():
    kinds = Counter(task.kind for task in TASKS)
    assert set(kinds) == {"fix", "add", "refactor", "tests", "explain", "tools"}
    assert len(TASKS) >= 40
    assert min(kinds.values()) >= 6
    assert {level: count >= 6 for level, count in Counter(task.level for task in TASKS).items()} == dict.fromkeys(
        (1, 2, 3), True
    )


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_nothing_of_the_solution_lies_in_what_the_agent_gets(task: Task):
    shown = {path.relative_to(task.folder / "files") for path in (task.folder / "files").rglob("*") if path.is_file()}
    hidden = {path.relative_to(task.folder / "hidden") for path in (task.folder / "hidden").rglob("*")}
    assert shown.isdisjoint(hidden)
    assert not any(name in task.instruction for name in ("hidden", "solution/"))
    assert (task.folder / "solution").is_dir()


def test_kinds_come_in_turn_and_can_be_chosen():
    assert {task.kind for task in load_suite(OWN_SUITE, limit=6)} == {task.kind for task in TASKS}
    assert {task.kind for task in load_suite(OWN_SUITE, ["fix", "add"])} == {"fix", "add"}
    with pytest.raises(BadEvaluationFile, match="no kind 'fixx'"):
        load_suite(OWN_SUITE, ["fixx"])


def made(folder: Path, table: str, hidden: str = "test_x.py") -> Path:
    task = folder / "suite" / "own" / "one"
    (task / "hidden").mkdir(parents=True)
    (task / "hidden" / hidden).write_text("")
    (task / "task.toml").write_text(table)
    return folder / "suite"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("instruction = ", "cannot be read"),
        ("level = 1", "has no `instruction`"),
        ('instruction = "x"\nsteps = 0', "`steps` to 0"),
        ('instruction = "x"\nlevel = true', "`level` to True"),
        ('instruction = "x"\nsolution = "*.py"', "a list of words"),
        ('instruction = "x"\nsolution = [1]', "a list of words"),
        ('instruction = "x"\ninstructions = "y"', "`instructions`, which is not known"),
    ],
)
def test_tasks_that_say_something_impossible(tmp_path, table, said):
    with pytest.raises(BadEvaluationFile, match=r"task\.toml") as caught:
        load_suite(made(tmp_path, table))
    assert said in str(caught.value)


def test_a_task_that_could_not_be_checked_is_none(tmp_path):
    with pytest.raises(BadEvaluationFile, match="no `test`"):
        load_suite(made(tmp_path, 'instruction = "x"', hidden="helper.py"))
    with pytest.raises(BadEvaluationFile, match="holds no tasks"):
        load_suite(tmp_path / "suite" / "own" / "one")
    with pytest.raises(BadEvaluationFile, match="cannot be read"):
        load_suite(tmp_path / "nothing")


def test_the_digest_names_every_byte(tmp_path):
    suite = made(tmp_path, 'instruction = "x"')
    before = digest_of(load_suite(suite))
    (suite / "own" / "one" / "hidden" / "test_x.py").write_text("#")
    assert digest_of(load_suite(suite)) != before
