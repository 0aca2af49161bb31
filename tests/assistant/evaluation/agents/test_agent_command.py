"""`demiurgic eval agent` as its users meet it: processes, a model behind HTTP, kill -9."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support.fake_providers import Answer, Ending, FakeProvider, openai_answer, openai_call

PROGRAM = [sys.executable, "-m", "demiurgic", "eval", "agent"]
TASK = 'instruction = "Make {name}.txt say yes."\nsolution = ["*.txt"]\n'
TESTS = """import pathlib
import unittest


class Said(unittest.TestCase):
    def test_it(self):
        self.assertEqual(pathlib.Path("{name}.txt").read_text(), "yes")
"""
NAMES = ("one", "two", "three")


def solving(name) -> list[Answer]:
    arguments = json.dumps({"path": f"{name}.txt", "content": "yes"})
    return [openai_answer(*openai_call("write", arguments), finish="tool_calls"), openai_answer({"content": "Done."})]


@pytest.fixture
def suite(tmp_path):
    for number, name in enumerate(NAMES):
        task = tmp_path / "suite" / "say" / f"{number}-{name}"
        for part in ("files", "hidden"):
            (task / part).mkdir(parents=True)
        (task / "task.toml").write_text(TASK.format(name=name))
        (task / "files" / f"{name}.txt").write_text("no")
        (task / "hidden" / "test_it.py").write_text(TESTS.format(name=name))
    return tmp_path / "suite"


@pytest.fixture
def start(tmp_path, suite):
    env = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    env |= {"DEMIURGIC_CONFIG": str(tmp_path / "none.toml"), "DEMIURGIC_STATE_DIR": str(tmp_path / "state")}

    def start(*words):
        command = [*PROGRAM, "--suite", suite, "--out", tmp_path / "out", *words]
        return subprocess.Popen(
            list(map(str, command)), cwd=tmp_path, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start


@pytest.mark.slow
def test_a_suite_is_done_and_told(start, tmp_path):
    with FakeProvider(*solving("one"), openai_answer({"content": "I will not."}), *solving("three")) as provider:
        program = start("--model", f"{provider.url}/v1#m")
        out, error = program.communicate(timeout=120)
    assert program.returncode == 0, error
    lines = out.splitlines()
    assert [line.split()[2] for line in lines[:3]] == ["solved", "failed", "solved"]
    table = [line.split()[:8] for line in lines if line.startswith(("say", "all"))]
    assert table == [[name, "2/3", "21-94%", "2", "0", "0", "0", "0"] for name in ("say", "all")]
    report = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [run["solved"] for run in report["runs"]] == [True, False, True]
    assert not (tmp_path / "out" / "work").exists()


@pytest.mark.slow
def test_a_killed_run_goes_on_with_what_is_not_done(start, tmp_path):
    waiting = Answer([], ending=Ending.HANGING)
    with FakeProvider(*solving("one"), waiting, *solving("two"), *solving("three")) as provider:
        model = ["--model", f"{provider.url}/v1#m"]
        first = start(*model)
        while len(provider.asked) < 3 and first.poll() is None:
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert (tmp_path / "out" / "work").exists()
        second = start(*model)
        out, error = second.communicate(timeout=120)
        assert second.returncode == 0, error
        assert len(provider.asked) == 7
    assert [line.split()[1] for line in out.splitlines()[:2]] == ["say/1-two", "say/2-three"]
    report = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [run["solved"] for run in report["runs"]] == [True] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seeds", "0"], "--seeds is 0"),
        (["--limit", "0"], "--limit is 0"),
        (["--max-tokens", "0"], "--max-tokens is 0"),
        (["--seeds", "3"], "add --temperature 0.7"),
        (["--kinds", "sing"], "has no kind 'sing'"),
        (["--suite", "nothing"], "cannot be read"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(start, words, said):
    program = start("--model", "http://localhost:1/v1#m", *words)
    out, error = program.communicate(timeout=60)
    assert (program.returncode, out) == (2, "")
    assert said in error
