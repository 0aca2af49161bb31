"""The agent on a selection, asked for by an editor and answering its questions there."""

import asyncio
import json

import pytest
from pygls.exceptions import JsonRpcException
from support.editors import editor, until
from support.fake_providers import Answer, Ending, FakeProvider, openai_answer, openai_call, openai_piece

SUMS = "def add(first, second):\n    return first - second\n"
WRITE = openai_answer(*openai_call("write", json.dumps({"path": "done.txt", "content": "yes\n"})), finish="tool_calls")
DONE = openai_answer({"content": "Written."})


@pytest.fixture
def run(tmp_path):
    def run(session, *script):
        async def main():
            (tmp_path / "project").mkdir()
            path = tmp_path / "project" / "sums.py"
            path.write_text(SUMS)
            with FakeProvider(*script) as provider:
                async with editor(path.parent, "--model", f"{provider.url}/v1#m") as opened:
                    uri = opened.open(path.as_uri(), SUMS)
                    there = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
                    told = {"uri": uri, "range": there, "instruction": "write done.txt"}
                    return await session(opened, told, provider, path.parent)

        return asyncio.run(main())

    return run


def test_it_works_on_the_selection_and_asks_before_it_writes(run):
    async def session(editor, told, provider, folder):
        editor.answer = "Allow"
        said = await editor.run("demiurgic.agent", told)
        assert said == {"text": "Written.", "files": [(folder / "done.txt").as_uri()]}
        assert (folder / "done.txt").read_text() == "yes\n"
        assert "done.txt" in editor.questions[0].message
        assert "+yes" in editor.questions[0].message
        task = provider.asked[0]["messages"][-1]["content"]
        assert "write done.txt\n\nThis is about lines 1 to 2 of sums.py" in task

    run(session, WRITE, DONE)


def test_what_is_refused_is_not_done(run):
    async def session(editor, told, provider, folder):
        editor.answer = None
        await editor.run("demiurgic.agent", told)
        assert not (folder / "done.txt").exists()

    run(session, WRITE, DONE)


def test_a_task_that_is_cancelled_ends(run):
    async def session(editor, told, provider, folder):
        asked = asyncio.ensure_future(editor.run("demiurgic.agent", told))
        await asyncio.to_thread(provider.arrived.wait, 20)
        editor.cancel()
        with pytest.raises(JsonRpcException):
            await asked
        assert await asyncio.to_thread(provider.left.wait, 20)

    run(session, Answer([openai_piece({"content": "It"})], ending=Ending.HANGING))


def test_a_question_that_stands_when_the_task_is_cancelled_is_given_up(run):
    async def session(editor, told, provider, folder):
        editor.answer = "Allow"
        editor.decided.clear()
        asked = asyncio.ensure_future(editor.run("demiurgic.agent", told))
        await until(lambda: editor.questions)
        editor.cancel()
        with pytest.raises(JsonRpcException):
            await asked
        await until(lambda: any('"cancelled"' in log.read_text() for log in folder.rglob("sessions/*.jsonl")))
        editor.decided.set()
        await editor.run("demiurgic.status")
        assert not (folder / "done.txt").exists()

    run(session, WRITE, DONE)


def test_documents_that_are_not_saved_are_refused(run):
    async def session(editor, told, provider, folder):
        editor.type(told["uri"], 0, 0, "#")
        with pytest.raises(JsonRpcException, match="not saved"):
            await editor.run("demiurgic.agent", told)
        untitled = editor.open("untitled:one", SUMS)
        with pytest.raises(JsonRpcException, match="save it first"):
            await editor.run("demiurgic.agent", {**told, "uri": untitled})
        assert provider.requests == []

    run(session)
