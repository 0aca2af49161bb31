"""Shell and Python in a real sandbox: what the model is told of a run, and what the user sees of it."""

import threading

import pytest
from support.tool_calls import called, failure, planned, surroundings

from demiurgic.sandbox.bubblewrap import BubblewrapSandbox
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Captured, Guard, Policy, Result, Status
from demiurgic.tools.choosing import chosen
from demiurgic.tools.denials import forbidden
from demiurgic.tools.protocol import CommandView, Effect, EffectKind, TextView
from demiurgic.tools.python import PythonTool
from demiurgic.tools.ripgrep import ripgrep
from demiurgic.tools.shell import ShellTool

SHELL, PYTHON = ShellTool(), PythonTool()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    opened = ProcessSandbox(Policy(tmp_path_factory.mktemp("work")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def kernel(sandbox):
    started = sandbox.kernel()
    yield started
    started.close()


@pytest.fixture
def around(sandbox, kernel):
    return around_with(sandbox, kernel)


def around_with(sandbox, kernel, tokens=4000, **more):
    return surroundings(sandbox.policy.workspace, tokens, sandbox=sandbox, kernel=lambda: kernel, **more)


def test_a_command_is_shown_and_judged_as_it_will_be_run(around):
    plan = planned(SHELL, around, command="echo 'a b' | tr a x")
    assert plan.effects == (Effect(EffectKind.RUN, "echo 'a b' | tr a x"),)
    assert plan.view == CommandView("echo 'a b' | tr a x")
    assert plan.run(around).text == "x b"


def test_output_and_errors_come_in_their_order_with_the_exit_code(around):
    outcome = called(SHELL, around, command="echo one; echo two >&2; echo three; exit 3")
    assert outcome.text == "one\ntwo\nthree\n[exit code 3]"
    assert outcome.failed
    assert called(SHELL, around, command="true").text == "[no output]"
    assert called(SHELL, around, command="kill -9 $$").text == "[signal 9]"
    assert "syntax error" in called(SHELL, around, command="if").text


def test_the_command_is_one_argument_whatever_it_holds(around):
    assert called(SHELL, around, command="echo \"$0 $#\" 'it'\\''s' $(echo \"$((1+1))\")").text == "bash 0 it's 2"
    assert "NUL" in failure(SHELL, around, command="echo \0")
    assert "empty" in failure(SHELL, around, command="  ")


@pytest.mark.parametrize("folder", [".venv/bin", "node_modules/.bin"])
def test_no_program_of_the_workspace_takes_the_place_of_the_shell_or_of_ripgrep(tmp_path, folder):
    """Programs of a project may stand for each other once the user allows one; nobody was asked for these."""
    (tmp_path / folder).mkdir(parents=True)
    for name in ("bash", "rg"):
        (tmp_path / folder / name).write_text("#!/bin/sh\ntouch owned\n")
        (tmp_path / folder / name).chmod(0o755)
    sandbox = BubblewrapSandbox(Policy(tmp_path))  # where programs of the project come first
    around = surroundings(tmp_path, sandbox=sandbox)
    try:
        assert called(SHELL, around, command="echo safe").text == "safe"
        ripgrep(chosen(around, ".", ""), "x", around, literal=False)
    finally:
        sandbox.close()
    assert not (tmp_path / "owned").exists()


def test_long_output_keeps_head_and_tail_in_whole_lines_within_the_budget(sandbox, kernel):
    around = around_with(sandbox, kernel, 300)
    text = called(SHELL, around, command="seq 1 9999; echo failed; exit 1").text
    assert around.budget.count(text) <= 320
    lines = text.split("\n")
    head = lines.index(next(line for line in lines if "left out" in line))
    assert lines[:head] == [str(n) for n in range(1, head + 1)]
    assert lines[-2:] == ["failed", "[exit code 1]"]
    assert lines[-3] == "9999"
    left = 10_000 - (len(lines) - 2)
    assert lines[head] == f"[{left} lines left out; to see them, filter the output or write it to a file]"
    assert len(lines) - head > head, "the end says what went wrong"


def test_a_progress_bar_is_read_as_it_was_in_the_end(around):
    bar = "for n in $(seq 2000); do printf '\\r%4d of 2000' $n; done; echo; echo done"
    assert called(SHELL, around, command=bar).text == "2000 of 2000\ndone"
    code = "for n in range(2001): print(f'\\r{n:4} of 2000', end='')\nprint()"
    assert called(PYTHON, around, code=code).text == "2000 of 2000"


def test_a_line_without_end_is_cut(around):
    text = called(SHELL, around, command="head -c 5000 /dev/zero | tr '\\0' x").text
    assert text == "x" * 2000 + " [3000 more characters in this line]"


def test_what_took_too_long_is_stopped_and_said(around):
    outcome = called(SHELL, around, command="echo begun; sleep 60", seconds=1)
    assert outcome.text == "begun\n[stopped after 5 seconds; `seconds` allows up to 600]"
    assert outcome.failed


def test_what_the_user_stops_is_stopped(sandbox, kernel):
    around = around_with(sandbox, kernel)
    threading.Timer(0.5, around.cancel.set).start()
    assert called(SHELL, around, command="echo begun; sleep 60").text == "begun\n[stopped by the user]"


def test_output_streams_while_it_comes(sandbox, kernel):
    seen = []
    around = around_with(sandbox, kernel, on_output=lambda stream, data: seen.append((stream, data)))
    called(SHELL, around, command="echo one; sleep 0.3; echo two >&2")
    assert "".join(data.decode() for _, data in seen) == "one\ntwo\n"
    assert len(seen) >= 2


def test_what_the_sandbox_forbids_is_named_when_a_run_fails_of_it(around):
    url = "import urllib.request as u; u.urlopen('http://192.0.2.1', timeout=3)"
    text = called(SHELL, around, command=f'python3 -c "{url}"').text
    assert text.endswith("[exit code 1; the sandbox has no network]")
    assert called(SHELL, around, command="unshare -r true").text.endswith("the sandbox forbids some system calls]")
    assert called(SHELL, around, command="cat /none").text.endswith("[exit code 1]")


def test_only_what_is_enforced_is_named():
    words = Captured(b"sh: x: Read-only file system")
    result = Result(Status.FAILED, 1, None, words, Captured(), 0, 0, 0, "some", frozenset({Guard.NETWORK}))
    assert forbidden(result) == ""


def test_python_keeps_its_names_from_call_to_call(around):
    plan = planned(PYTHON, around, code="x = 40\nprint('it''s')\nx + 1")
    assert plan.effects == (
        Effect(EffectKind.RUN, "python3 -c 'x = 40\nprint('\"'\"'it'\"'\"''\"'\"'s'\"'\"')\nx + 1'"),
    )
    assert plan.view == TextView("python", "x = 40\nprint('it''s')\nx + 1", "python")
    assert plan.run(around).text == "its\n41"
    assert called(PYTHON, around, code="x").text == "40"
    assert called(PYTHON, around, code="pass").text == "[no output]"


def test_a_python_error_is_told_and_costs_nothing(around):
    called(PYTHON, around, code="kept = 1")
    outcome = called(PYTHON, around, code="1 / 0")
    assert outcome.failed
    assert outcome.text.endswith("ZeroDivisionError: division by zero")
    assert called(PYTHON, around, code="kept").text == "1"
    assert "empty" in failure(PYTHON, around, code="\n")


def test_python_that_ends_its_interpreter_is_told(around):
    text = called(PYTHON, around, code="import os; os._exit(1)").text
    assert text.endswith("[the interpreter ended; all variables are gone, the next call starts a new one]")
    assert called(PYTHON, around, code="2").text == "2"


def test_python_that_is_stopped_says_what_is_left(sandbox, kernel):
    around = around_with(sandbox, kernel)
    called(PYTHON, around, code="kept = 7")
    threading.Timer(0.5, around.cancel.set).start()
    text = called(PYTHON, around, code="import time; time.sleep(60)").text
    assert "variables are kept]" in text
    assert called(PYTHON, around_with(sandbox, kernel), code="kept").text == "7"


def test_tests_run_as_a_program_are_no_proof(around):
    (around.workspace.root / "test_sums.py").write_text("def test_sums():\n    assert 1 + 1 == 3\n")
    silent = called(SHELL, around, command="python3 test_sums.py").text
    assert silent == "[no output]\n[this ran no test. To run them: python -m pytest test_sums.py]"
    nothing = called(SHELL, around, command="python3 -m unittest test_sums.py").text
    assert nothing.endswith("[this ran no test. To run tests that are plain functions: python -m pytest]")
    assert called(SHELL, around, command="true").text == "[no output]"
    (around.workspace.root / "test_loud.py").write_text("print('ran')\n")
    assert called(SHELL, around, command="python3 test_loud.py").text == "ran"
