"""The REPL where nothing moves: dumb terminals, pipes, no colours."""

import subprocess
import sys

from support.repl_runs import MENDS_ADD, ReplRun
from support.terminals import PATIENCE, terminal


def test_importing_the_repl_imports_nothing_that_draws_or_works():
    heavy = ("prompt_toolkit", "rich", "pygments", "demiurgic.agent.agent", "demiurgic.compose", "llama_cpp")
    code = f"import sys, demiurgic.repl.app; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_dumb_terminal_gets_plain_lines_and_asks_in_them(tmp_path):
    run = ReplRun(tmp_path, {"replies": MENDS_ADD["replies"][1:2]})
    with terminal(run.command, {**run.env, "TERM": "dumb"}, cwd=run.folder) as screen:
        seen = screen.wait_for("> ")
        screen.type("mend add\n")
        seen += screen.wait_for(r"y  once.*\? $")
        screen.type("perhaps\n")
        seen += screen.wait_for(r"one of the letters above.*\? $")
        screen.type("y\n")
        seen += screen.wait_for(r"edit calc\.py.*You said.*> $")
        screen.type("/quit\n")
        assert screen.process.wait(PATIENCE) == 0
    assert "\x1b" not in seen
    assert "a + b" in (run.folder / "calc.py").read_text()


def test_ctrl_c_in_a_dumb_terminal_stops_the_turn(tmp_path):
    run = ReplRun(tmp_path, {"piece": 0.05, "replies": [{"text": "line\n" * 500}]})
    with terminal(run.command, {**run.env, "TERM": "dumb"}, cwd=run.folder) as screen:
        screen.wait_for("> ")
        screen.type("talk\n")
        screen.wait_for("line\r\nline")
        screen.type("\x03")
        screen.wait_for(r"stopped; what came is kept.*> $")
        screen.type("\x04")
        assert screen.process.wait(PATIENCE) == 0


def test_without_a_terminal_every_line_is_a_turn_and_what_asks_is_denied(tmp_path):
    run = ReplRun(tmp_path, MENDS_ADD)
    done = subprocess.run(
        run.command,
        input="mend add\n/mode\nmore\n",
        capture_output=True,
        text=True,
        env=run.env,
        cwd=run.folder,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "denied: there is no terminal to ask in" in done.stdout
    assert "```python\ndef add(a, b):" in done.stdout
    assert done.stdout.index("mode ask") < done.stdout.index("You said: more")
    assert "\x1b" not in done.stdout
    assert "a - b" in (run.folder / "calc.py").read_text()


def test_a_progress_bar_of_ones_own_command_is_shown_as_it_was_in_the_end(tmp_path):
    run = ReplRun(tmp_path, {})
    bar = "!for n in $(seq 300); do printf '\\r%3d of 300' $n; done; printf '\\ndone\\n300 of'"
    done = subprocess.run(
        run.command, input=f"{bar}\n/output\n", capture_output=True, text=True, env=run.env, cwd=run.folder, check=True
    )
    assert done.stdout.count("300 of 300\ndone\n300 of\n") == 2
    assert "299" not in done.stdout


def test_no_color_is_respected_and_nobody_gets_an_alternate_screen(tmp_path):
    for more, coloured in (({"NO_COLOR": "1"}, False), ({}, True)):
        run = ReplRun(tmp_path, {})
        with terminal(run.command, {**run.env, "TERM": "xterm-256color", **more}, cwd=run.folder) as screen:
            seen = screen.wait_for("process")
            screen.type("say **this**\r")
            seen += screen.wait_for(r"You said.*this.*›")
            screen.type("\x04")
            assert screen.process.wait(PATIENCE) == 0
        assert "\x1b[?1049h" not in seen
        colours = [f"\x1b[{code}m" for code in (31, 32, 33, 34, 35, 36)] + [";36", ";90", ";33"]
        assert any(code in seen for code in colours) is coloured
