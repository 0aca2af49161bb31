"""Questions: what the user is shown, what they can answer, and that their answer holds."""

import json

import pytest
from support.acp_editors import Editor, does, says

WRITE = does("write", json.dumps({"path": "a.txt", "content": "hello\n"}))
RUN = does("shell", json.dumps({"command": "echo ran > ran.txt"}))


def turns(*prompts):
    async def session(opened):
        name = await opened.begin()
        return [await opened.say(name, prompt) for prompt in prompts]

    return session


def kinds(question) -> list[tuple[str, str]]:
    return [(option.option_id, option.kind) for option in question.options]


def test_the_question_shows_the_very_change(with_agent, project):
    editor = Editor()
    assert with_agent(turns("Write."), WRITE, says("Written."), editor=editor) == ["end_turn"]
    (question,) = editor.asked
    call = question.tool_call
    assert (call.status, call.kind, call.title) == ("pending", "edit", "write a.txt")
    diff = call.content[0]
    assert (diff.path, diff.old_text, diff.new_text) == (str(project / "a.txt"), None, "hello\n")
    assert call.raw_input == {"path": "a.txt", "content": "hello\n"}
    assert call.tool_call_id == editor.calls()[0]["tool_call_id"]
    assert (project / "a.txt").read_text() == "hello\n"


def test_the_question_shows_the_very_command(with_agent, project):
    hidden = "echo safe \u202e; echo\u200b \x1b[8m"
    run = does("shell", json.dumps({"command": hidden}))
    editor = Editor(answers=["deny"])
    with_agent(turns("Run."), run, says("Not run."), editor=editor)
    (question,) = editor.asked
    shown = question.tool_call.content[0].content.text
    assert shown == "```console\n$ echo safe \\u202e; echo\\u200b \\x1b[8m\n```"
    assert question.tool_call.raw_input == {"command": hidden}
    assert kinds(question)[:2] == [("once", "allow_once"), ("session", "allow_always")]
    assert kinds(question)[-1] == ("deny", "reject_once")


def test_what_is_denied_is_not_done_and_the_model_is_told(with_agent, project):
    editor = Editor(answers=["deny", "deny"])
    stops = with_agent(turns("Write and run."), WRITE, RUN, says("I may not."), editor=editor)
    assert stops == ["end_turn"]
    assert list(project.glob("*")) == []
    assert [call["status"] for call in editor.calls()] == ["failed", "failed"]
    assert all("the user said no" in call["content"][-1].content.text for call in editor.calls())
    assert editor.text() == "I may not."


@pytest.mark.parametrize(("answer", "asked"), [("once", 2), ("session", 1), ("always", 1)])
def test_an_answer_holds_as_long_as_it_says(with_agent, project, answer, asked):
    run = does("shell", json.dumps({"command": "ls -la"}))
    script = (run, says("1."), run, says("2."))
    editor = Editor(answers=[answer, "once"])
    assert with_agent(turns("Run.", "Again."), *script, editor=editor) == ["end_turn", "end_turn"]
    assert len(editor.asked) == asked
    offered = [option.name for option in editor.asked[0].options if option.option_id == "always"]
    assert offered
    assert offered[0].startswith("Always allow ")
    assert "ls" in offered[0]


def test_always_holds_for_the_next_conversation_as_well(with_agent, project):
    run = does("shell", json.dumps({"command": "ls -la"}))
    editor = Editor(answers=["always"])
    with_agent(turns("Run."), run, says("1."), editor=editor)
    with_agent(turns("Run."), run, says("2."), editor=editor)
    assert len(editor.asked) == 1


@pytest.mark.parametrize("answer", ["everything", "error"])
def test_what_is_no_answer_allows_nothing(with_agent, project, answer):
    editor = Editor(answers=[answer])
    assert with_agent(turns("Write."), WRITE, says("No."), editor=editor) == ["end_turn"]
    assert not (project / "a.txt").exists()


def test_a_question_that_is_dismissed_ends_the_turn(with_agent, project):
    editor = Editor(answers=[""])
    assert with_agent(turns("Write."), WRITE, says("Never said."), editor=editor) == ["cancelled"]
    assert not (project / "a.txt").exists()
    assert editor.text() == ""
