"""The conversation in a terminal: a real pseudo-terminal, a real process, a real model."""

import os
import signal
import subprocess
import sys
import time

from support.terminals import PATIENCE, terminal


def command(model, *more):
    return [sys.executable, "-m", "demiurgic", "--model", str(model), "--context", "2048", *more]


def environment(tmp_path, **more):
    quiet = {"DEMIURGIC_DISK_CACHE": "0", "DEMIURGIC_CONFIG": str(tmp_path / "none.toml"), "TERM": "xterm", **more}
    return {**os.environ, **quiet}


def test_ctrl_c_stops_the_reply_and_keeps_what_came_and_ctrl_d_leaves(tmp_path, smollm2):
    with terminal(command(smollm2), environment(tmp_path)) as screen:
        screen.wait_for(r"/help.*> ")
        screen.type("Count from one to three hundred, every number on its own line.\n")
        screen.wait_for(r"line\.\r\n.{8,}")
        screen.type("\x03")
        assert "Traceback" not in screen.wait_for(r"\[stopped\].*> ")
        screen.type("Say hello.\n")
        screen.wait_for(r"hello\.\r\n.+\r\n> ")
        screen.type("\x04")
        assert screen.process.wait(PATIENCE) == 0


def test_commands_answer_and_a_wrong_one_is_told(tmp_path, smollm2):
    with terminal(command(smollm2), environment(tmp_path)) as screen:
        screen.wait_for("> ")
        screen.type("/help\n")
        assert "/new" in screen.wait_for(r"Ctrl-C.*> ")
        screen.type("/nonsense\n")
        screen.wait_for("there is no command /nonsense")
        screen.type("/model no-such-model\n")
        screen.wait_for("there is no model named 'no-such-model'")
        screen.type("/model\n")
        screen.wait_for("SmolLM2")
        screen.type("/new\n")
        screen.wait_for("forgotten")
        screen.type("/quit\n")
        assert screen.process.wait(PATIENCE) == 0


def test_a_dumb_terminal_gets_no_escape_sequences_and_nobody_an_alternate_screen(tmp_path, smollm2):
    for kind in ("dumb", "xterm"):
        with terminal(command(smollm2, "--temperature", "0"), environment(tmp_path, TERM=kind)) as screen:
            seen = screen.wait_for("> ")
            screen.type("Say hello.\n")
            seen += screen.wait_for(r"\r\n[^\r]+\r\n.*> ")
            assert "\x1b[?1049h" not in seen
            assert kind == "xterm" or "\x1b" not in seen


def test_without_a_terminal_every_line_is_a_turn(tmp_path, smollm2):
    done = subprocess.run(
        command(smollm2, "--temperature", "0"),
        input="My name is Ada.\n/new\nSay hello.\n",
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    before, after = done.stdout.split("forgotten\n")
    assert before.strip()
    assert after.strip()
    assert "\x1b" not in done.stdout


def test_an_interrupt_while_waiting_for_input_does_not_end_the_program(tmp_path, smollm2):
    with terminal(command(smollm2), environment(tmp_path)) as screen:
        screen.wait_for("> ")
        time.sleep(0.5)  # between showing its prompt and waiting, readline is deaf
        screen.process.send_signal(signal.SIGINT)
        screen.wait_for("> ")
        screen.type("/quit\n")
        assert screen.process.wait(PATIENCE) == 0
