"""The command line as its users meet it: processes, exit codes, pipes."""

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.fake_providers import FakeProvider, openai_answer, openai_call
from support.terminals import terminal

PROGRAM = [sys.executable, "-m", "demiurgic"]


@pytest.fixture(scope="module")
def prefixes(tmp_path_factory):
    """What one process has read of the agent's prompt, the next need not read again: that takes seconds."""
    return tmp_path_factory.mktemp("prefixes")


@pytest.fixture
def env(tmp_path, prefixes):
    mine = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    return {
        **mine,
        "DEMIURGIC_CONFIG": str(tmp_path / "none.toml"),
        "DEMIURGIC_STATE_DIR": str(tmp_path / "state"),
        "DEMIURGIC_MODELS_DIR": str(tmp_path / "models"),
        "DEMIURGIC_CACHE_DIR": str(prefixes),
        "DEMIURGIC_CONTEXT": "2048",
    }


@pytest.fixture
def run(tmp_path, env):
    def run(*arguments, stdin="", **more):
        return subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            env={**env, **more},
            cwd=tmp_path,
            timeout=120,
            check=False,
        )

    return run


def test_it_says_which_one_it_is(run):
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"demiurgic {importlib.metadata.version('demiurgic')}\n")


@pytest.mark.parametrize("command", ["", "models", "models list", "models pull", "models info", "doctor"])
def test_help_comes_at_once(run, command):
    times = []
    for _ in range(3):
        started = time.perf_counter()
        done = run(*command.split(), "--help")
        times.append(time.perf_counter() - started)
        assert done.returncode == 0
        assert done.stdout.startswith(f"usage: demiurgic {command}".rstrip())
    assert min(times) < 0.5, times


def test_a_model_file_without_a_template_is_known_by_its_tokens(run, tiny_chatglm3):
    told = run("models", "info", tiny_chatglm3).stdout
    assert "dialect        chatglm3" in told
    assert "can            chat, tools" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "x", "--model", "smolm2-135m"], "did you mean smollm2-135m?"),
        (["-p", "x", "--model", "smollm2-135m"], "demiurgic models pull smollm2-135m"),
        (["-p", "x", "--model", "nothing.gguf"], "there is no file nothing.gguf"),
        (["-p", "", "--model", "smollm2-135m"], "there is nothing to answer"),
        (["models", "pull"], "no model is named"),
        (["models", "info", "nothing.gguf"], "there is no file nothing.gguf"),
        (["models", "info", "/dev/zero"], "/dev/zero is no file"),
        (["models", "info", "nothing.gguf", "--at-context", "-5"], "--at-context is -5"),
        (["--no-such-flag"], "demiurgic --help"),
        (["--context", "much"], "demiurgic --help"),
        (["models", "nonsense"], "demiurgic models --help"),
        (["-p", "x", "--context", "0"], "`context` is 0"),
        (["eval", "agent", "--context", "-5"], "`context` is -5"),
        (["-p", "x", "--threads", "-3"], "`threads` is -3"),
        (["-p", "x", "--temperature", "nan"], "`temperature` is nan"),
        (["-p", "x", "--max-tokens", "0"], "--max-tokens is 0"),
        (["-p", "x", "--seed", "-1"], "--seed is -1"),
        (["-p", "x", "y"], "put the prompt of -p in quotes"),
        (["-p", "x", "--tasks", "tasks.txt"], "not allowed with"),
        (["--continue", "--resume", "x"], "not allowed with"),
        (["--tasks", "/dev/urandom"], "/dev/urandom cannot be read"),
        (["--tasks", "/dev/zero"], "/dev/zero is longer than"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(run, arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("demiurgic: ")
    assert said in line


def test_more_piped_input_than_any_model_reads_is_refused_before_one_is_opened(run):
    done = run("-p", "x", "--model", "nothing.gguf", stdin="a b " * 1_100_000)
    assert done.returncode == 2
    assert "what is piped in is longer than" in done.stderr


def test_tasks_are_lines_and_comments_may_be_indented(run, tmp_path):
    (tmp_path / "tasks.txt").write_bytes(
        "\ufeff# not this\r\n  # nor this\r\n\r\nfirst\x0chalf\u2028whole\r\n".encode()
    )
    with FakeProvider(openai_answer({"content": "done"})) as provider:
        done = run("--tasks", "tasks.txt", "--model", f"{provider.url}/v1#m", "--output-format", "stream-json")
    said = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert [event["text"] for event in said if event["type"] == "turn_started"] == ["first\x0chalf\u2028whole"]


@pytest.mark.parametrize(
    ("tool", "arguments", "mode", "hint"),
    [
        ("shell", {"command": "true"}, "edits", "--approve all"),
        ("write", {"path": "a.txt", "content": "a"}, "ask", "--approve edits"),
        ("read", {"path": "/etc/hostname"}, "ask", None),
    ],
)
def test_what_nobody_could_allow_names_the_mode_that_does_it(run, tool, arguments, mode, hint):
    call = openai_answer(*openai_call(tool, json.dumps(arguments)), finish="tool_calls")
    with FakeProvider(call, openai_answer({"content": "Then not."})) as provider:
        done = run("-p", "x", "--model", f"{provider.url}/v1#m", "--approve", mode)
    assert "nobody is here to ask" in done.stderr
    assert [line.strip() for line in done.stderr.splitlines()[1:]] == ([f"hint: {hint}"] if hint else [])


@pytest.mark.parametrize("redirected", [">&-", ">/dev/full"])
def test_output_that_goes_nowhere_is_one_line_without_a_report(env, tmp_path, redirected):
    command = f"exec {sys.executable} -m demiurgic models list {redirected}"
    env = {name: value for name, value in env.items() if name != "PYTHONUNBUFFERED"}  # as users have it
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1
    assert "report" not in done.stderr
    assert "error of ours" not in done.stderr


def test_a_folder_that_is_gone_is_told(env, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone}; exec {sys.executable} -m demiurgic -p x"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=env, cwd=gone, check=False)
    assert done.returncode == 2
    assert "the current folder has been deleted" in done.stderr


def test_a_bad_settings_file_is_told_by_name(run, tmp_path):
    (tmp_path / "none.toml").write_text("threds = 2\n", "utf-8")
    done = run("doctor")
    assert done.returncode == 2
    assert "did you mean `threads`?" in done.stderr


def test_a_file_that_is_no_model_is_refused_in_one_line(run, tmp_path):
    (tmp_path / "junk.gguf").write_bytes(b"GGUF" + bytes(100))
    done = run("-p", "x", "--model", "junk.gguf")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_an_answer_in_each_format(run, smollm2):
    ask = ("-p", "Say hello.", "--model", smollm2, "--temperature", "0", "--max-tokens", "12")
    text, whole, stream = (run(*ask, "--output-format", layout) for layout in ("text", "json", "stream-json"))
    assert [done.returncode for done in (text, whole, stream)] == [0, 0, 0], text.stderr
    ended = json.loads(whole.stdout)
    assert ended["type"] == "turn_ended"
    assert text.stdout == ended["message"]["text"].rstrip("\n") + "\n"
    events = [json.loads(line) for line in stream.stdout.splitlines()]
    assert "".join(event["text"] for event in events if event["type"] == "text_delta") == ended["message"]["text"]
    assert [event["type"] for event in events].count("turn_ended") == 1
    assert events[-1]["usage"]["completion"] == ended["usage"]["completion"]


def test_piped_input_is_added_to_the_prompt(run, smollm2):
    ask = ("-p", "Say hello.", "--model", smollm2, "--max-tokens", "1", "--output-format", "json")
    alone, piped = (json.loads(run(*ask, stdin=text).stdout)["usage"]["prompt"] for text in ("", "and goodbye\n"))
    assert piped > alone


def test_a_reader_that_has_enough_is_no_error_worth_a_traceback(env, smollm2):
    ask = [*PROGRAM, "-p", "Count to fifty.", "--model", str(smollm2), "--max-tokens", "60"]
    process = subprocess.Popen(ask, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert told == b""


def test_an_interrupt_is_exit_code_130(env, smollm2):
    ask = [*PROGRAM, "-p", "Count to nine hundred.", "--model", str(smollm2), "--max-tokens", "1000"]
    process = subprocess.Popen(ask, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    assert process.stdout is not None
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in told


def test_folders_that_cannot_be_written_are_told_with_the_setting(run, tmp_path, smollm2):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    done = run("doctor", DEMIURGIC_STATE_DIR=str(in_the_way / "state"))
    assert done.returncode == 1
    assert "set state_dir" in done.stdout
    for setting in ("state_dir", "cache_dir"):
        more = {f"DEMIURGIC_{setting.upper()}": str(in_the_way / "deeper"), "DEMIURGIC_DISK_CACHE": "10"}
        told = run("-p", "x", "--model", smollm2, **more).stderr
        assert f"set {setting}" in told
        assert len(told.splitlines()) == 1


def test_an_answer_cannot_command_the_terminal_but_comes_whole_through_a_pipe(run, env):
    hostile = "a\x1b]0;title\x07b\x1b[2Jc"
    with FakeProvider(openai_answer({"content": hostile}), openai_answer({"content": hostile})) as provider:
        ask = ("-p", "x", "--model", f"{provider.url}/v1#m")
        assert run(*ask).stdout == hostile + "\n"
        with terminal([*PROGRAM, *ask], env) as screen:
            screen.type("\x04")
            assert screen.wait_for(r"a\\x1b.*c\r\n").endswith("a\\x1b]0;title\\x07b\\x1b[2Jc\r\n")


def test_a_character_cannot_command_the_terminal_either(env):
    with FakeProvider(openai_answer({"content": "a\x1b]0;title\x07b"})) as provider:
        talk = ("talk", "--name", "Eve", "--model", f"{provider.url}/v1#m", "hello")
        with terminal([*PROGRAM, *talk], env) as screen:
            assert screen.wait_for(r"b\r\n").endswith("[Eve] a\\x1b]0;title\\x07b\r\n")


def test_nor_can_what_a_model_wants_to_write_or_an_error_tells(run):
    wish = openai_call("write", json.dumps({"path": "a\x1b]0;title\x07b", "content": "x"}))
    with FakeProvider(openai_answer(*wish, finish="tool_calls"), openai_answer({"content": "no"})) as provider:
        done = run("-p", "x", "--model", f"{provider.url}/v1#m", "--approve", "ask")
    assert "not done, because it writes a\\x1b]0;title\\x07b and nobody" in done.stderr
    assert "there is no file a\\x1b[2J.gguf" in run("-p", "x", "--model", "a\x1b[2J.gguf").stderr


def test_a_fault_of_our_own_is_one_line_that_names_its_report(env, tmp_path):
    # One more command, which breaks, stands in for any fault nobody thought of.
    script = (
        "import sys, demiurgic.cli as cli\n"
        "class Broken:\n"
        "    HELP = 'broken'\n"
        "    @staticmethod\n"
        "    def add_to(parser): parser.set_defaults(run=lambda *_: 1 // 0)\n"
        "cli._OWN['broken'] = Broken\n"
        "sys.exit(cli.main(['broken']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**env, "XDG_STATE_HOME": str(tmp_path / "state")},
        check=False,
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "ZeroDivisionError" in line
    report = line.rsplit(" ", 1)[1]
    assert "Traceback" in Path(report).read_text("utf-8")
