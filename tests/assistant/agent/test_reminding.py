"""What a model hears that would end its turn with nothing, with a failure, or with what it has not done."""

from pathlib import Path

import pytest
from support.desks import Answers, Verdicts, call, equipment, only, scripted

from demiurgic.agent.agent import Agent
from demiurgic.agent.claims import meant_as_call, only_shown, tells_of_tools
from demiurgic.agent.events import Answer, Reminded, TurnEnd
from demiurgic.agent.judging import Asks
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.tools.protocol import Outcome, TextView
from demiurgic.tools.sets import tool_set

WRITE = call("write", path="hello.py", content="print('hello')\n")
MEAN = "def mean(values):\n    return sum(values) / (len(values) - 1)\n"
MENDED = "def mean(values):\n    return sum(values) / len(values)\n"


def turn(agent: Agent, text: str = "go") -> list:
    return list(agent.turn(text))


def test_a_claim_without_a_deed_is_doubted_once(tmp_path: Path):
    agent = Agent(equipment(tmp_path, scripted("I have created hello.py.", "I have created hello.py.")))
    events = turn(agent)
    [reminder] = only(events, Reminded)
    assert "hello.py" in reminder.text
    assert events[-1].reason is TurnEnd.DONE


def test_a_claim_that_is_true_is_believed(tmp_path: Path):
    events = turn(Agent(equipment(tmp_path, scripted(WRITE, "I have created hello.py."))))
    assert not only(events, Reminded)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ('{"name": "run_tests", "arguments": {"path": "."}}', "run_tests"),
        ('```json\n{"name": "read", "arguments": {"file": "a"}}\n```', "read"),
        ('{"name": "Ada", "age": 3}', ""),
        ('The answer is {"name": "read", "arguments": {}}', ""),
        ('[{"name": "read", "arguments": {}}]', ""),
    ],
)
def test_an_answer_that_is_only_a_call_of_no_tool_is_noticed(text: str, tool: str):
    assert meant_as_call(text) == tool


def test_a_call_of_an_unknown_tool_does_not_end_the_turn(tmp_path: Path):
    model = scripted('{"name": "run_tests", "arguments": {"path": "."}}', "Done.")
    events = turn(Agent(equipment(tmp_path, model)))
    assert "no tool run_tests" in only(events, Reminded)[0].text
    assert events[-1].message.text == "Done."


def test_who_wrote_a_call_as_text_must_make_one(tmp_path: Path):
    model = scripted('{"name": "median", "arguments": {"values": [1]}}', WRITE, "Done.")
    events = turn(Agent(equipment(tmp_path, model)))
    free, bound, _ = model.engine.requests
    assert free.grammar != bound.grammar
    assert events[-1].message.text == "Done."


@pytest.mark.parametrize(
    ("first", "answer", "told"),
    [
        (call("read", path="none.py"), "Do this:\n```python\nprint(1)\n```", "in no file yet"),
        (call("read", path="hello.py"), "```", "answer is empty"),
        (call("read", path="hello.py"), "Do this:\n```python\nprint(1)\n```", ""),
        (call("read", path="none.py"), "There is no such file.", ""),
    ],
)
def test_a_turn_does_not_end_with_nothing_or_with_what_should_be_done(tmp_path: Path, first, answer, told):
    (tmp_path / "hello.py").write_text("print()\n")
    events = turn(Agent(equipment(tmp_path, scripted(first, answer, answer, "Done."))))
    reminders = only(events, Reminded)
    assert [told in reminder.text for reminder in reminders] == ([True] if told else [])
    assert events[-1].message.text == answer  # it is said once


def test_who_may_write_freely_is_told_too_and_made_to_do_nothing(tmp_path: Path):
    model = scripted(call("read", path="none.py"), "Do this:\n```python\nprint(1)\n```", "Done.")
    events = turn(Agent(equipment(tmp_path, model, wishes=ReplyOptions(constrain=False))))
    assert "in no file yet" in only(events, Reminded)[0].text
    assert events[-1].reason is TurnEnd.DONE
    assert events[-1].message.text == "Done."


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("In which file of this project is `parse_rate`?", True),
        ("How many lines in the Python files hold a TODO?", True),
        ("What does main.py do, of all files?", False),  # it goes along
        ("How do I open a file in Python?", False),
    ],
)
def test_who_has_not_looked_must_look(tmp_path: Path, asked: str, told: bool):
    (tmp_path / "main.py").write_text("print()\n")
    model = scripted("It is in rates.py.", call("list", path="."), "It is in main.py.")
    events = turn(Agent(equipment(tmp_path, model, guided=True)), asked)
    assert any("not looked" in reminder.text for reminder in only(events, Reminded)) == told
    assert events[-1].message.text == ("It is in main.py." if told else "It is in rates.py.")


def test_who_has_no_tools_is_made_to_call_none(tmp_path: Path):
    model = scripted("It is in rates.py.", "I cannot know.")
    events = turn(Agent(equipment(tmp_path, model, tools=(), guided=True)), "In which file of this project is it?")
    assert events[-1].reason is TurnEnd.DONE
    assert events[-1].message.text == "I cannot know."


def test_after_a_call_that_worked_it_may_be_said_again(tmp_path: Path):
    failing, described = call("read", path="none.py"), "Do this:\n```python\nprint(1)\n```"
    events = turn(Agent(equipment(tmp_path, scripted(failing, described, WRITE, failing, described, "Done."))))
    assert ["in no file yet" in reminder.text for reminder in only(events, Reminded)] == [True, True]


class Tests:
    """A command that fails at first."""

    spec = equipment(Path("/"), scripted()).tools["shell"].spec
    effects = ()
    view = TextView("tests")
    runs = 0

    def plan(self, arguments, around):
        return self

    def run(self, around):
        self.runs += 1
        return Outcome("1 failed" if self.runs == 1 else "1 passed", failed=self.runs == 1)


@pytest.mark.parametrize("guided", [True, False])
def test_a_small_model_does_not_leave_a_failing_command_without_a_word(tmp_path: Path, guided: bool):
    run = call("shell", command="make test")
    model = scripted(run, "Done.", run, "All tests pass.")
    events = turn(Agent(equipment(tmp_path, model, [Tests()], guided=guided)))
    reminded = ["last command failed" in reminder.text for reminder in only(events, Reminded)]
    assert reminded == ([True] if guided else [])
    assert events[-1].message.text == ("All tests pass." if guided else "Done.")


FREE_TEXT = "(?s:.*)"


def test_after_words_in_vain_a_call_is_required(tmp_path: Path):
    described = "Do this:\n```python\nprint(1)\n```"
    model = scripted(call("read", path="none.py"), described, WRITE, described, "Done.")
    turn(Agent(equipment(tmp_path, model)))
    free = [FREE_TEXT in request.grammar for request in model.engine.requests]
    assert free == [True, True, False, True]


def small(folder: Path, *answers: str, **parts) -> Agent:
    (folder / "stats.py").write_text(MEAN)
    return Agent(equipment(folder, scripted(*answers), tool_set(10**9), guided=True, **parts))


SAME = call("rewrite", path="stats.py", name="mean", code=MEAN)
MEND = call("rewrite", path="stats.py", name="mean", code=MENDED)


def test_a_small_model_does_not_leave_a_change_that_could_not_be_made(tmp_path: Path):
    agent = small(tmp_path, SAME, "It is mended.", MEND, "It is mended.")
    [reminder] = only(turn(agent, "Mend stats.py."), Reminded)[1:]
    assert "could not be made" in reminder.text
    assert (tmp_path / "stats.py").read_text() == MENDED


def test_it_is_told_so_once(tmp_path: Path):
    look = call("read", path="stats.py")
    reminders = only(turn(small(tmp_path, SAME, "It is mended.", look, "It is mended."), "Mend stats.py."), Reminded)
    assert ["could not be made" in reminder.text for reminder in reminders] == [False, True]


@pytest.mark.parametrize("said", ["Then I leave it.", f"It would be:\n```python\n{MENDED}```"])
def test_a_change_that_the_user_did_not_want_is_not_asked_for_again(tmp_path: Path, said: str):
    verdicts, no = Verdicts(Asks("it writes", "write")), Answers(Answer("deny"))
    agent = small(tmp_path, MEND, said, judge=verdicts, approver=no)
    assert not only(turn(agent), Reminded)
    assert (tmp_path / "stats.py").read_text() == MEAN


SHOWN = f"It divides by too little:\n```python\n{MEAN}```\nIt should be:\n```python\n{MENDED}```"


@pytest.mark.parametrize(
    ("asked", "said", "told"),
    [
        ("Mend stats.py.", SHOWN, True),
        ("How would you mend stats.py?", SHOWN, False),
        ("Explain stats.py.", f"```python\n{MEAN}```\nThat is a mean.", False),
        ("Show me how to use stats.py.", "```python\nprint(mean([1, 2]))\n```", False),
    ],
)
def test_a_small_model_puts_into_the_file_what_it_shows(tmp_path: Path, asked: str, said: str, told: bool):
    reminders = only(turn(small(tmp_path, said, MEND, "Done."), asked), Reminded)[1:]
    assert ["mean is still as it was" in reminder.text for reminder in reminders] == ([True] if told else [])
    assert ((tmp_path / "stats.py").read_text() == MENDED) == told


def test_of_several_versions_that_are_shown_the_last_counts():
    assert only_shown(SHOWN, {"stats.py": MEAN}) == "mean"
    assert only_shown(SHOWN, {"stats.py": MENDED}) == ""
    assert only_shown(SHOWN, {"stats.rb": MEAN}) == ""


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ("To find it, you can call the `search` function with the pattern `port`.", True),
        ("I called the `read` function with an offset of 3.", True),
        ("`main` calls the `search` function of utils.py.", False),
        ("```\nuse the `read` function\n```", False),
    ],
)
def test_an_answer_that_tells_of_tools_is_noticed(said: str, tells: bool):
    assert tells_of_tools(said, ("read", "search")) == tells


def test_a_small_model_that_tells_of_tools_hears_the_question_again(tmp_path: Path):
    question = "Which port does the server use?"
    [reminder] = only(turn(small(tmp_path, "You can call the `search` tool.", "8471."), question), Reminded)
    assert question in reminder.text
