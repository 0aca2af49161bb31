"""Conversations: listed, loaded after a restart, resumed, closed; their modes and their commands."""

import json

import pytest
from acp import RequestError
from support.acp_editors import Editor, connected, does, says, thinks
from support.fake_providers import FakeProvider

WRITE = does("write", json.dumps({"path": "a.txt", "content": "hello\n"}))
EDITS = ("--approve", "edits")


def test_what_was_said_is_shown_again_after_a_restart(with_agent, project):
    async def first(opened):
        name = await opened.begin()
        await opened.say(name, "Write it.")
        return name

    editor = Editor()
    name = with_agent(first, WRITE, thinks("It is there.", "Written."), flags=EDITS)

    async def second(opened):
        listed = await opened.agent.list_sessions(cwd=str(project))
        loaded = await opened.agent.load_session(str(project), name)
        seen = list(editor.kinds())
        await opened.shown(lambda: editor.of("available_commands_update"))
        stop = await opened.say(name, "And now?")
        return listed.sessions, loaded, seen, stop

    sessions, loaded, seen, stop = with_agent(second, says("Nothing more."), editor=editor)
    assert [(each.session_id, each.cwd, each.title) for each in sessions] == [(name, str(project), "Write it.")]
    assert sessions[0].updated_at
    assert loaded.modes.current_mode_id == "ask"
    assert seen == [
        "user_message_chunk",
        "tool_call",
        "tool_call_update",
        "agent_thought_chunk",
        "agent_message_chunk",
    ]
    (call,) = editor.calls()
    assert (call["kind"], call["status"], call["content"][0].new_text) == ("edit", "completed", "hello\n")
    assert editor.text(kind="user_message_chunk") == "Write it."
    assert stop == "end_turn"
    assert editor.text().endswith("Nothing more.")


def test_resuming_shows_nothing_and_remembers_everything(with_agent, project):
    async def first(opened):
        name = await opened.begin()
        await opened.say(name, "My number is 17.")
        return name

    name = with_agent(first, says("I see."))
    editor = Editor()

    async def second(opened):
        resumed = await opened.agent.resume_session(cwd=str(project), session_id=name)
        seen = [kind for kind in editor.kinds() if kind != "available_commands_update"]
        await opened.say(name, "Which?")
        return resumed, seen

    resumed, seen = with_agent(second, says("17."), editor=editor)
    assert resumed.modes.current_mode_id == "ask"
    assert seen == []


def test_all_folders_are_listed_the_latest_first_and_silence_is_not(with_agent, project, tmp_path):
    (tmp_path / "other").mkdir()

    async def session(opened):
        one, two = await opened.begin(), await opened.begin(tmp_path / "other")
        await opened.begin()
        await opened.say(one, "First?")
        await opened.say(two, "Second?")
        everything = (await opened.agent.list_sessions()).sessions
        here = (await opened.agent.list_sessions(cwd=str(project))).sessions
        return one, two, everything, here

    one, two, everything, here = with_agent(session, says("1."), says("2."))
    assert [(each.session_id, each.cwd) for each in everything] == [(two, str(tmp_path / "other")), (one, str(project))]
    assert [each.session_id for each in here] == [one]


def test_one_that_is_open_in_another_program_is_refused(with_agent, tmp_path, project):
    async def session(opened):
        name = await opened.begin()
        await opened.say(name, "Mine.")
        async with connected(tmp_path, Editor(), ("--model", "http://127.0.0.1:9/v1#m")) as other:
            with pytest.raises(RequestError, match="open in another process"):
                await other.agent.load_session(str(project), name)
        await opened.agent.load_session(str(project), name)  # but not here
        return await opened.say(name, "Still mine.")

    assert with_agent(session, says("Yes."), says("Yes.")) == "end_turn"


def test_modes_are_offered_set_and_hold(with_agent, project):
    editor = Editor()

    async def session(opened):
        response = await opened.agent.new_session(str(project))
        name = response.session_id
        await opened.agent.set_session_mode(session_id=name, mode_id="plan")
        await opened.say(name, "Write.")
        planned = (project / "a.txt").exists()
        await opened.agent.set_session_mode(session_id=name, mode_id="edits")
        await opened.say(name, "Write now.")
        with pytest.raises(RequestError, match="no mode 'wild'"):
            await opened.agent.set_session_mode(session_id=name, mode_id="wild")
        await opened.say(name, "/mode ask")
        return response.modes, planned

    modes, planned = with_agent(session, WRITE, says("I may not."), WRITE, says("Done."), editor=editor)
    assert modes.current_mode_id == "ask"
    assert [mode.id for mode in modes.available_modes] == ["plan", "ask", "edits", "all"]
    assert all(mode.description for mode in modes.available_modes)
    assert not planned
    assert (project / "a.txt").read_text() == "hello\n"
    assert editor.asked == []
    assert [update.current_mode_id for update in editor.of("current_mode_update")] == ["ask"]


def test_commands_are_offered_and_do_what_they_say(with_agent, project):
    editor = Editor()

    async def session(opened):
        name = await opened.begin()
        await opened.shown(lambda: editor.of("available_commands_update"))
        await opened.say(name, "Write it.")
        said = {}
        for command in ("/diff", "/undo", "/redo", "/context", "/model", "/compact"):
            editor.updates.clear()
            assert await opened.say(name, command) == "end_turn"
            said[command] = editor.text(), (project / "a.txt").exists(), editor.of("usage_update")
        with pytest.raises(RequestError, match="there is no command /quit here"):
            await opened.say(name, "/quit")
        with pytest.raises(RequestError, match="nothing to redo"):
            await opened.say(name, "/redo")
        return (await opened.agent.list_sessions()).sessions, said

    first = Editor()

    async def offered(opened):
        await opened.begin()
        await opened.shown(lambda: first.of("available_commands_update"))
        return first.of("available_commands_update")[0].available_commands

    commands = {each.name: each for each in with_agent(offered, editor=first)}
    assert {"undo", "redo", "compact", "context", "model", "mode", "diff"} == set(commands)
    assert commands["model"].input.root.hint == "[NAME]"
    assert commands["undo"].input is None
    _, said = with_agent(
        session, WRITE, says(" ".join(map(str, range(600)))), says("A summary."), editor=editor, flags=EDITS
    )
    assert "+hello" in said["/diff"][0]
    assert said["/undo"][0].startswith("took back: Write it.")
    assert said["/undo"][1] is False
    assert said["/undo"][2][0].size > said["/undo"][2][0].used > 0
    assert said["/redo"][0].startswith("did again: Write it.")
    assert said["/redo"][1] is True
    assert "tool results" in said["/context"][0]
    assert "#m, " in said["/model"][0]
    assert "tokens became" in said["/compact"][0]


def test_another_model_goes_on_under_the_old_name_also_after_a_restart(with_agent, tmp_path, project):
    with FakeProvider(says("I am the second.")) as second:
        other = f"{second.url}/v1#second"

        async def switch(opened):
            name = await opened.begin()
            await opened.say(name, "Hello?")
            await opened.say(name, f"/model {other}")
            await opened.say(name, "And you?")
            return name, opened.editor.text()

        name, text = with_agent(switch, says("I am the first."))
    assert f"now talking to {other}" in text
    assert text.endswith("I am the second.")
    editor = Editor()

    async def again(opened):
        await opened.agent.load_session(str(project), name)
        return editor.text(kind="user_message_chunk")

    assert with_agent(again, editor=editor) == "Hello?And you?"
