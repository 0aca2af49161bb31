"""The REPL as it is seen: a real terminal (tmux), a real process, the real desk; only the model is scripted."""

import re
import shutil
from pathlib import Path

import pytest
from support.repl_runs import CALC, MENDS_ADD, ReplRun
from support.screens import screen

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
GOLDEN = Path(__file__).parent / "golden"
READY = r"^ +scripted · \d+% of 8192.* process · ask"


def opened(run, columns=60, rows=24):
    return screen(run.command, run.env, str(run.folder), columns, rows)


def settled(shown):
    """The screen without what depends on the clock."""
    shown = re.sub(r" · \d+ tok/s", "", shown)
    shown = re.sub(r"  \d+\.\d s$", "", shown, flags=re.MULTILINE)
    shown = re.sub(r"\d+% of", "N% of", shown)
    return "\n".join(line.rstrip() for line in shown.split("\n")) + "\n"


@pytest.mark.parametrize("columns", [60, 120])
def test_a_whole_session_looks_as_it_did(tmp_path, columns):
    run = ReplRun(tmp_path, MENDS_ADD)
    with opened(run, columns, 40) as terminal:
        terminal.wait_for(READY)
        terminal.type("Please mend add in @calc.py")
        terminal.keys("Escape", "Enter")
        terminal.type("and run it.")
        terminal.keys("Enter")
        terminal.wait_for(r"y  once.*always")
        asked = terminal.shown()
        terminal.type("y")
        terminal.keys("Enter")
        terminal.wait_for(r"\? shell.*y  once")
        terminal.type("y")
        terminal.keys("Enter")
        terminal.wait_for(r"All is well.*›")
        terminal.wait_for(READY)
        done = terminal.shown()
        assert terminal.mode("alternate_on") == "0"
    for name, shown in (("question", asked), ("session", done)):
        golden = GOLDEN / f"{name}-{columns}.txt"
        assert settled(shown) == golden.read_text(), f"{golden.name} differs from:\n{shown}"
    assert "return a + b  # mended" in (run.folder / "calc.py").read_text()


def test_ctrl_c_stops_the_turn_and_keeps_what_came_and_twice_leaves(tmp_path):
    run = ReplRun(tmp_path, {"piece": 0.05, "replies": [{"text": "word " * 2000}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("talk")
        terminal.keys("Enter")
        terminal.wait_for("word word word")
        terminal.keys("C-c")
        assert "word word" in terminal.wait_for("stopped; what came is kept")
        terminal.type("again")
        terminal.keys("Enter")
        terminal.wait_for("You said: again")
        terminal.wait_for(r"›\s*\n")
        terminal.keys("C-c")
        terminal.wait_for("Ctrl-C again leaves")
        terminal.keys("C-c")
        shown = terminal.wait_for("ended with 0")
    assert "Traceback" not in shown


def test_escape_twice_takes_the_last_message_back_files_included(tmp_path):
    edits = {"calls": [["write", {"path": "new.txt", "content": "hello\n"}]]}
    run = ReplRun(tmp_path, {"replies": [edits, {"text": "Written."}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("write a file")
        terminal.keys("Enter")
        terminal.wait_for("y  once")
        terminal.type("y")
        terminal.keys("Enter")
        terminal.wait_for(r"Written\.")
        assert (run.folder / "new.txt").read_text() == "hello\n"
        terminal.keys("Escape", "Escape")
        terminal.wait_for(r"took back: write a file.*deleted +new.txt.*^› write a file$")
        assert not (run.folder / "new.txt").exists()
        terminal.type(", please")
        terminal.keys("Enter")
        terminal.wait_for("You said: write a file, please")


def test_escape_twice_puts_a_draft_aside_and_stops_a_turn_to_edit_its_message(tmp_path):
    run = ReplRun(tmp_path, {"piece": 0.05, "replies": [{"text": "word " * 2000}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("a draft")
        terminal.wait_for(r"^› a draft$")
        terminal.keys("Escape", "Escape")
        terminal.wait_for(r"^›$")
        terminal.keys("Up")
        terminal.wait_for(r"^› a draft$")
        terminal.keys("C-u")
        terminal.type("talk")
        terminal.keys("Enter")
        terminal.wait_for("word word word")
        terminal.keys("Escape", "Escape")
        terminal.wait_for(r"stopped.*took back: talk.*^› talk$")


def test_ctrl_c_at_a_question_denies_and_ends_the_turn(tmp_path):
    run = ReplRun(tmp_path, {"replies": [{"calls": [["shell", {"command": "touch made"}]]}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("run it")
        terminal.keys("Enter")
        terminal.wait_for("y  once")
        terminal.keys("C-c")
        terminal.wait_for(r"› no.*stopped; what came is kept.*^›$")
    assert not (run.folder / "made").exists()


def test_modes_by_key_and_one_that_cannot_be_had(tmp_path):
    run = ReplRun(tmp_path, {})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.keys("BTab")
        terminal.wait_for("process · edits")
        terminal.type("/mode all")
        terminal.keys("Enter")
        terminal.wait_for("mode `all` needs a sandbox")
        terminal.keys("BTab")
        terminal.wait_for("process · plan")


def test_what_is_typed_while_a_turn_runs_waits_its_turn(tmp_path):
    run = ReplRun(tmp_path, {"piece": 0.05, "replies": [{"text": "first " * 40}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("one")
        terminal.keys("Enter")
        terminal.wait_for("first first")
        terminal.type("two")
        terminal.keys("Enter")
        terminal.type("three")
        terminal.keys("Enter")
        terminal.wait_for(r"waits: two\s+waits: three")
        terminal.keys("Up")
        terminal.wait_for(r"waits: two\s+› three")
        terminal.keys("Enter")
        shown = terminal.wait_for("You said: three")
    assert shown.index("You said: two") < shown.index("You said: three")


def test_what_is_typed_before_the_model_is_open_is_not_lost(tmp_path):
    run = ReplRun(tmp_path, {"opening": 1.5})
    with opened(run) as terminal:
        terminal.wait_for("opening the model")
        terminal.type("early")
        terminal.keys("Enter")
        terminal.wait_for("waits: early")
        terminal.wait_for("You said: early")


def test_a_half_typed_line_is_no_answer_to_a_question_and_comes_back(tmp_path):
    run = ReplRun(tmp_path, {"reading": 1, "replies": [{"calls": [["shell", {"command": "touch made"}]]}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("run it")
        terminal.keys("Enter")
        terminal.type("yes and also")
        terminal.wait_for(r"y  once.*^\?")
        terminal.type("es and more")
        terminal.keys("Enter")
        terminal.wait_for("answer with y, s")
        assert not (run.folder / "made").exists()
        terminal.keys("C-u")
        terminal.type("no use Python")
        terminal.keys("Enter")
        terminal.wait_for("the user said no: use Python")
        terminal.wait_for(r"^› yes and also")
    assert not (run.folder / "made").exists()


def test_steering_reaches_the_model_before_its_next_reply(tmp_path):
    script = {"piece": 0.1, "replies": [{"text": "I look at the file now.", "calls": [["read", {"path": "calc.py"}]]}]}
    run = ReplRun(tmp_path, script)
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("look")
        terminal.keys("Enter")
        terminal.wait_for("I look")
        terminal.type("be brief")
        terminal.keys("C-s")
        terminal.wait_for("You said: be brief")


def test_a_paste_of_many_lines_is_one_message(tmp_path):
    run = ReplRun(tmp_path, {})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.paste("line one\nline two\n\x1b[31mred\nline four")
        terminal.wait_for("line four")
        terminal.keys("Enter")
        shown = terminal.wait_for("You said: line one")
    assert "\\x1b[31mred" in shown.split("You said")[0]


def test_commands_files_and_the_shell(tmp_path):
    run = ReplRun(tmp_path, {})
    with opened(run, rows=50) as terminal:
        terminal.wait_for(READY)
        terminal.type("see @cal")
        terminal.wait_for(r"@cal.*\n +calc.py")
        terminal.keys("Tab", "Enter", "Enter")
        terminal.wait_for("You said: calc.py is now")
        terminal.type("!ls; exit 3")
        terminal.keys("Enter")
        terminal.wait_for(r"^calc.py\s+exit code 3")
        for typed, told in (
            ("/nonsense", "there is no command /nonsense"),
            ("/mode wrong", "there is no mode wrong"),
            ("/mode plan", "mode plan: nothing is written"),
            ("/context", r"tool results +0 +0 %"),
            ("/export out.jsonl", "added to out.jsonl"),
            ("/diff", "no file differs"),
            ("/fork", "going on in a copy"),
            ("/sessions", r"1 +\d{8}-\d{6}-\w{6} +now +see @calc.py"),
            ("/model no-such-model", "no-such-model"),
            ("/undo", "took back: see @calc.py"),
            ("/redo", "did again: see @calc.py"),
            ("/new", "a new conversation"),
            ("/resume 2", "You said: calc.py is now"),
            ("/help", "Alt-Enter"),
        ):
            terminal.type(typed)
            terminal.keys("Enter")
            terminal.wait_for(rf"^› {re.escape(typed)}\n.*{told}")
        terminal.keys("C-d")
        terminal.wait_for("ended with 0")
    assert (run.folder / "out.jsonl").read_text().count("\n") == 1
    assert (run.folder / "calc.py").read_text() == CALC


def test_a_desk_that_cannot_be_opened_ends_the_program_in_one_line(tmp_path):
    run = ReplRun(tmp_path, {"broken": "there is no such model", "opening": 0.2})
    with opened(run) as terminal:
        shown = terminal.wait_for("ended with 2")
    assert "demiurgic: there is no such model" in shown
    assert "Traceback" not in shown


def test_finished_lines_survive_a_change_of_size(tmp_path):
    run = ReplRun(tmp_path, {"replies": [{"text": "\n".join(f"line {n}" for n in range(60))}]})
    with opened(run) as terminal:
        terminal.wait_for(READY)
        terminal.type("count")
        terminal.keys("Enter")
        terminal.wait_for("line 59")
        terminal.resize(100, 30)
        terminal.type("more")
        terminal.keys("Enter")
        shown = terminal.wait_for("You said: more")
    assert [line for line in shown.split("\n") if line.startswith("line ")] == [f"line {n}" for n in range(60)]


@pytest.mark.parametrize("sizes", [[(45, 24)], [(70, 24), (50, 24), (32, 24)], [(45, 16), (90, 30), (33, 20)]])
def test_a_question_stands_there_once_however_narrow_the_window_becomes(tmp_path, sizes):
    run = ReplRun(tmp_path, {"replies": [{"calls": [["shell", {"command": "echo ran"}]]}]})
    typed = "no because this is an answer that is longer than the window will be wide in the end"
    with opened(run, columns=100) as terminal:
        terminal.wait_for(READY)
        terminal.type("run it")
        terminal.keys("Enter")
        terminal.wait_for(r"n  no; words.*^\?")
        terminal.type(typed)
        terminal.wait_for(r"in the end$")
        for columns, rows in sizes:
            terminal.resize(columns, rows)
            # As we draw it: the first line is full, and those below it are indented. tmux itself indents nothing.
            full = min(columns, len(typed)) - 10
            terminal.wait_for(rf"^\? no.{{{full},{columns}}}?$(\n  [^\n]*)*\n  scripted[^\n]*ask$")
            shown = " ".join(terminal.shown().split())
            for words in ("demiurgic in project", "› run it", "y once", "for this session", "n no; words", "? no be"):
                assert shown.count(words) == 1, terminal.shown()
        terminal.keys("C-u")
        terminal.type("y")
        terminal.keys("Enter")
        shown = terminal.wait_for(r"ran$.*You said.*^›")
    assert shown.count("yes, once") == 1
    assert "for this session" not in shown
