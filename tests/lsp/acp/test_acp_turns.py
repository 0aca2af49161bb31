"""Turns as an editor sees them: words as they come, calls with what they touch, programs while they run, plans."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from acp import RequestError, embedded_text_resource, resource_block, resource_link_block
from acp.schema import EnvVariable, McpServerStdio
from support.acp_editors import Editor, connected, does, says, texts, thinks
from support.fake_providers import Answer, Ending, FakeProvider, openai_piece

CALC = "def add(a, b):\n    return a - b\n"
ALL = ("--approve", "all")
SERVER = Path(__file__).parents[2] / "support" / "mcp_server.py"


def dumped(**arguments: object) -> str:
    return json.dumps(arguments)


def test_words_and_thoughts_come_piece_by_piece(with_agent):
    async def session(opened):
        name = await opened.begin()
        assert await opened.say(name, "Say hello.") == "end_turn"
        return opened.editor

    editor = with_agent(session, thinks("They want a greeting.", "Hel", "lo", "."))
    assert editor.text(kind="agent_thought_chunk") == "They want a greeting."
    assert [chunk.content.text for chunk in editor.of("agent_message_chunk")] == ["Hel", "lo", "."]
    assert editor.of("session_info_update")[0].title == "Say hello."


def test_a_call_is_shown_with_all_that_it_touches(with_agent, project):
    (project / "calc.py").write_text(CALC)

    async def session(opened):
        name = await opened.begin()
        assert await opened.say(name, "Mend add.") == "end_turn"
        return opened.editor

    reads = does("read", dumped(path="calc.py", offset=2))
    edits = does("edit", dumped(path="calc.py", old="    return a - b", new="    return a + b"))
    editor = with_agent(session, reads, edits, says("Done."), flags=("--approve", "edits"))
    path = str(project / "calc.py")
    read, edit = editor.calls()
    assert (read["kind"], read["title"], read["status"]) == ("read", "read calc.py", "completed")
    assert [(each.path, each.line) for each in read["locations"]] == [(path, 2)]
    assert read["raw_input"] == {"path": "calc.py", "offset": 2}
    assert "return a - b" in texts(read)
    assert (edit["kind"], edit["title"], edit["status"]) == ("edit", "edit calc.py", "completed")
    assert [(each.path, each.line) for each in edit["locations"]] == [(path, 2)]
    (diff,) = edit["content"]
    assert (diff.path, diff.old_text, diff.new_text) == (path, CALC, CALC.replace("-", "+"))
    assert (project / "calc.py").read_text() == CALC.replace("-", "+")
    # The model gave both calls the same id; the editor must not take them for one.
    assert len({call["tool_call_id"] for call in editor.calls()}) == 2


def test_a_call_is_seen_while_it_is_written_and_while_it_runs(with_agent):
    async def session(opened):
        name = await opened.begin()
        await opened.say(name, "Count.")
        return opened.editor

    command = "echo one; sleep 0.5; echo two; sleep 0.5; echo '```'; exit 3"
    editor = with_agent(session, does("shell", dumped(command=command)), says("Counted."), flags=ALL)
    (call,) = editor.calls()
    assert (call["kind"], call["status"]) == ("execute", "failed")
    assert texts(call).startswith(f"````console\n$ {command}\none\ntwo\n```\n[exit code 3]")
    assert call["raw_input"] == {"command": command}
    begun, placed, *more = [told for _, told in editor.updates if told.session_update.startswith("tool_call")]
    assert (begun.status, begun.title, begun.kind) == ("pending", "shell", "execute")
    assert (placed.status, placed.title) == ("in_progress", f"shell {command}")
    running = [told.content[0].content.text for told in more if told.status is None]
    assert any(text.endswith("\none\n````") for text in running)


def test_a_plan_is_a_plan_and_no_call(with_agent):
    states = {"Look": "done", "Mend": "active", "Test": "pending"}
    items = [{"text": text, "state": state} for text, state in states.items()]

    async def session(opened):
        name = await opened.begin()
        await opened.say(name, "Plan it.")
        return opened.editor

    editor = with_agent(session, does("todo", dumped(items=items)), says("Planned."))
    (plan,) = editor.of("plan")
    assert [(entry.content, entry.status) for entry in plan.entries] == [
        ("Look", "completed"),
        ("Mend", "in_progress"),
        ("Test", "pending"),
    ]
    assert editor.calls() == []


def test_a_helper_is_seen_at_work(with_agent, project):
    (project / "a.txt").write_text("a")

    async def session(opened):
        name = await opened.begin()
        await opened.say(name, "Let somebody look.")
        return opened.editor

    script = (
        does("task", dumped(prompt="Look at a.txt")),
        does("read", dumped(path="a.txt")),
        says("It says a."),
        says("The helper says: a."),
    )
    editor = with_agent(session, *script)
    task, read = editor.calls()
    assert (task["kind"], task["status"], task["title"]) == ("think", "completed", "task Look at a.txt")
    assert (read["kind"], read["status"]) == ("read", "completed")
    assert "It says a." in texts(task)
    assert editor.text() == "The helper says: a."


def test_a_call_that_no_tool_takes_does_not_stay_open(with_agent):
    async def session(opened):
        name = await opened.begin()
        stop = await opened.say(name, "Read.")
        return stop, opened.editor.calls()

    stop, calls = with_agent(session, *[does("read", '{"path": 3}')] * 8, says("I give up."))
    assert stop == "end_turn"
    assert calls
    assert {call["status"] for call in calls} == {"failed"}


def test_what_is_linked_goes_along_and_what_is_embedded_does_too(tmp_path, project):
    (project / "with blank.py").write_text("SECRET_OF_THE_FILE = 1\n")
    far = "https://example.org/x"

    async def main(url):
        async with connected(tmp_path, Editor(), ("--model", f"{url}/v1#m")) as opened:
            name = await opened.begin()
            link = resource_link_block("with blank.py", (project / "with blank.py").as_uri())
            web = resource_link_block("a page", far)
            piece = resource_block(embedded_text_resource(f"file://{project}/b.py#L3-4", "x = 1\n```\n"))
            return await opened.say(name, "Compare", link, "with ", web, " and ", piece)

    with FakeProvider(says("Alike.")) as provider:
        assert asyncio.run(main(provider.url)) == "end_turn"
        said = [message["content"] for message in provider.asked[0]["messages"] if message["role"] == "user"]
    whole = "\n".join(map(str, said))
    assert f'Compare @"with blank.py"with [a page]({far}) and b.py L3-4\n\nb.py L3-4:\n````\nx = 1\n```\n````' in whole
    assert "SECRET_OF_THE_FILE = 1" in whole


def test_tools_of_servers_that_the_editor_names_are_used(with_agent):
    async def session(opened):
        variable = EnvVariable(name="FLAVOUR", value="plum")
        server = McpServerStdio(name="support", command=sys.executable, args=[str(SERVER)], env=[variable])
        name = await opened.begin(mcp_servers=[server])
        await opened.say(name, "Which?")
        return opened.editor

    editor = with_agent(session, does("support_environment", dumped(name="FLAVOUR")), says("Plum."))
    (call,) = editor.calls()
    assert (call["kind"], call["status"]) == ("other", "completed")
    assert "plum" in texts(call)
    assert editor.asked[0].tool_call.title == "support.environment"


def test_a_model_that_fails_is_an_error_of_one_line(with_agent):
    async def session(opened):
        name = await opened.begin()
        with pytest.raises(RequestError) as error:
            await opened.say(name, "Hello?")
        assert await opened.say(name, "And now?") == "end_turn"  # the conversation goes on
        return error.value

    error = with_agent(session, Answer(status=401, pieces=[b"{}"]), says("Here."))
    assert error.code == -32603
    assert str(error)
    assert "\n" not in str(error)


def test_a_turn_that_goes_in_circles_says_so(with_agent, project):
    (project / "a.txt").write_text("a")

    async def session(opened):
        name = await opened.begin()
        stop = await opened.say(name, "Read it.")
        return stop, opened.editor.text()

    stop, text = with_agent(session, *[does("read", dumped(path="a.txt"))] * 60)
    assert stop == "end_turn"
    assert "it went round in circles" in text


def test_two_conversations_at_once_do_not_mix(with_agent, tmp_path):
    async def session(opened):
        (tmp_path / "other").mkdir()
        one, two = await opened.begin(), await opened.begin(tmp_path / "other")
        assert one != two
        slow = asyncio.create_task(opened.say(one, "One?"))
        await opened.shown(lambda: opened.editor.text(one))
        assert await opened.say(two, "Two?") == "end_turn"
        assert not slow.done()
        with pytest.raises(RequestError, match="a turn goes on"):
            await opened.say(one, "Again?")
        await opened.agent.cancel(one)
        assert await slow == "cancelled"
        return opened.editor.text(one), opened.editor.text(two)

    slow = Answer([openai_piece({"content": "First"})], ending=Ending.HANGING)
    assert with_agent(session, slow, says("Second.")) == ("First", "Second.")
