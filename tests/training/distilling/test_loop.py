import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from support.loop_program import PIECES, Silent, loop

from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError
from demiurgic_training.distilling.plan import Plan, Tasks
from demiurgic_training.distilling.records import NAME
from demiurgic_training.distilling.stages import stages_of
from demiurgic_training.distilling.steps import Steps, last_line

TESTS = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _steps_find_their_modules(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]))


def events(folder: Path) -> list[dict[str, object]]:
    file = folder / "loop.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return [json.loads(line) for line in lines]


def pieces(folder: Path) -> dict[str, list[str]]:
    return {file.parent.name: file.read_text().split() for file in folder.glob("stages/*/pieces.txt")}


def begun(folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "support.loop_program", str(folder)])


def killed_when(folder: Path, count: int, whole: bool) -> bool:
    """Kill a loop once so many things have happened in its folder; with `whole`, its step as well."""
    process = begun(folder)
    while process.poll() is None:
        happened = len(events(folder)) + sum(map(len, pieces(folder).values()))
        if happened >= count:
            steps = psutil.Process(process.pid).children() if whole else []
            process.kill()
            process.wait()
            for step in steps:
                step.kill()
            return True
        time.sleep(0.005)
    assert process.returncode == 0
    return False


def test_a_loop_that_is_killed_again_and_again_does_nothing_twice(tmp_path):
    """At boundaries and amid stages, with its step left behind or killed as well."""
    kills, count = 0, 1
    while killed_when(tmp_path, count, whole=kills % 2 == 0):
        kills += 1
        count += 8
    assert kills >= 5
    done = Counter(str(event["done"]) for event in events(tmp_path) if "done" in event)
    assert sorted(name[0] for name in done) == ["a", "b", "c", "d"]
    assert set(done.values()) == {1}
    for name, written in pieces(tmp_path).items():
        assert written == [str(number) for number in range(PIECES)], name


def test_what_is_done_is_kept_and_a_changed_setting_redoes_what_depends_on_it(tmp_path):
    first = loop(tmp_path)
    assert first.run().facts["verdict"] == "d(b(a()))"
    again = Silent()
    loop(tmp_path, screen=again).run()
    assert (again.begun, again.kept) == ([], ["a", "b", "c", "d"])
    changed = Silent()
    assert loop(tmp_path, {"b": "B"}, changed).run().facts["verdict"] == "d(B(a()))"
    assert (changed.begun, changed.kept) == (["b", "c", "d"], ["a"])
    back = Silent()
    loop(tmp_path, screen=back).run()
    assert back.begun == []


def test_what_comes_out_the_same_leads_to_nothing_new(tmp_path):
    """Another setting whose outcome is the same is not carried on."""
    loop(tmp_path).run()
    stages = loop(tmp_path)
    a = stages.stages[0]
    stages.stages = [type(a)(a.name, a.about, a.work, a.needs, {"salt": "other words"}), *stages.stages[1:]]
    stages.screen = screen = Silent()
    stages.run()
    assert (screen.begun, screen.kept) == (["a"], ["b", "c", "d"])


def test_a_file_that_is_gone_is_made_anew(tmp_path):
    made = loop(tmp_path).run()
    made.file("out").unlink()
    screen = Silent()
    loop(tmp_path, screen=screen).run()
    assert screen.begun == ["d"]


def test_a_damaged_record_is_told_with_what_to_do(tmp_path):
    made = loop(tmp_path).run()
    (made.folder / NAME).write_text("{")
    with pytest.raises(WorkError, match=r"is damaged.*remove"):
        loop(tmp_path).run()


def test_two_loops_in_one_folder_are_refused(tmp_path):
    process = begun(tmp_path)
    while not events(tmp_path):
        time.sleep(0.01)
    with pytest.raises(UserError, match="another program writes"):
        loop(tmp_path).run()
    assert process.wait() == 0


def test_a_step_ends_as_its_command_does(tmp_path):
    steps = Steps(tmp_path / "log.txt", None, lambda line: None)
    with pytest.raises(UserError, match="there is no file"):
        steps.command("eval", "compare", tmp_path / "a", tmp_path / "b")
    with pytest.raises(WorkError, match="exit code 1"):
        steps.module("support.nothing_of_this_name")
    assert "support.nothing_of_this_name" in last_line(tmp_path / "log.txt")
    assert steps.cost.memory > 1_000_000
    assert steps.cost.processor > 0


def test_ctrl_c_in_a_terminal_reaches_a_step_once_so_that_it_can_save(tmp_path):
    """A terminal's Ctrl-C goes to the whole group of processes in front; to a training, a second one means: at once."""
    file = tmp_path / "file"
    program = (
        "from pathlib import Path; from demiurgic_training.distilling.steps import Steps; "
        f"Steps(Path({str(tmp_path / 'log')!r}), None, print).module('support.patient_step', {str(file)!r})"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=-1, stderr=-1, start_new_session=True) as loop:
        while not (file.exists() and file.read_text() == "begun"):
            assert loop.poll() is None
            time.sleep(0.01)
        os.killpg(loop.pid, signal.SIGINT)
        loop.communicate()
    assert loop.returncode != 0
    assert file.read_text() == "saved"


def test_a_line_that_is_drawn_again_is_told_as_it_was_last(tmp_path):
    (tmp_path / "log").write_bytes(b"first\n 10 %\r 20 %\r 30 %")
    assert last_line(tmp_path / "log") == "30 %"
    assert last_line(tmp_path / "none") == ""


def test_other_code_to_invent_tasks_by_leads_to_other_answers(tmp_path):
    """And what lies beside the code does not."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("x = 1\n" * 9)
    plan = Plan(student="tiny-glm", teacher="openai:x", out=tmp_path / "loop", tasks=Tasks(f"snippets:{code}"))

    def decided() -> object:
        return next(stage.decided_by for stage in stages_of(plan, Settings()) if stage.name == "answers")

    first = decided()
    (code / "notes.txt").write_text("nothing")
    assert decided() == first
    (code / "a.py").write_text("x = 2\n" * 9)
    assert decided() != first
    (code / "a.py").unlink()
    with pytest.raises(UserError, match="holds no code"):
        decided()
