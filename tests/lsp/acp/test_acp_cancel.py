"""Stopping: soon, whatever goes on, and with what came kept."""

import asyncio
import json
import time

import psutil
import pytest
from acp import RequestError
from support.acp_editors import Editor, does, says, texts
from support.fake_providers import Answer, Ending, openai_piece

SOON = 2.0
HANGS = Answer([openai_piece({"content": "I begin"})], ending=Ending.HANGING)
SLEEPS = does("shell", json.dumps({"command": "echo begun; sleep 4321"}))


def stopped(begun, *more):
    """A turn that is cancelled when `begun(opened)` holds; then as many other prompts."""

    async def session(opened):
        name = await opened.begin()
        turn = asyncio.create_task(opened.say(name, "Go."))
        await opened.shown(lambda: begun(opened))
        since = time.monotonic()
        await opened.agent.cancel(name)
        stop = await turn
        took = time.monotonic() - since
        return stop, took, [await opened.say(name, prompt) for prompt in more]

    return session


def sleepers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [])[-1:] == ["4321"]]


def test_in_the_middle_of_a_reply(with_agent):
    editor = Editor()
    stop, took, more = with_agent(
        stopped(lambda opened: opened.editor.text(), "On."), HANGS, says("On it."), editor=editor
    )
    assert (stop, more) == ("cancelled", ["end_turn"])
    assert took < SOON
    assert editor.text() == "I beginOn it."


def test_before_the_first_word(with_agent):
    silent = Answer(status=0, ending=Ending.HANGING)
    stop, took, more = with_agent(
        stopped(lambda opened: opened.provider.arrived.is_set(), "On."), silent, says("On it.")
    )
    assert (stop, more) == ("cancelled", ["end_turn"])
    assert took < SOON


def test_in_the_middle_of_a_command(with_agent):
    editor = Editor()

    def begun(opened):
        return any("begun\n```" in texts(call) and call["status"] == "in_progress" for call in editor.calls())

    flags = ("--approve", "all")
    stop, took, more = with_agent(stopped(begun, "On."), SLEEPS, says("On it."), editor=editor, flags=flags)
    assert (stop, more) == ("cancelled", ["end_turn"])
    assert took < SOON
    assert [call["status"] for call in editor.calls()] == ["failed"]
    assert sleepers() == []


def test_while_the_user_is_asked(with_agent, project):
    editor = Editor(answers=["never"])
    write = does("write", json.dumps({"path": "a.txt", "content": "x"}))
    stop, took, more = with_agent(
        stopped(lambda opened: opened.editor.asked, "On."), write, says("On it."), editor=editor
    )
    assert (stop, more) == ("cancelled", ["end_turn"])
    assert took < SOON
    assert not (project / "a.txt").exists()
    assert [call["status"] for call in editor.calls()] == ["failed"]


def test_stopping_what_does_not_go_on_stops_nothing(with_agent):
    async def session(opened):
        name = await opened.begin()
        await opened.agent.cancel(name)
        await opened.agent.cancel("no such conversation")
        return await opened.say(name, "Hello?")

    assert with_agent(session, says("Hello.")) == "end_turn"


def test_closing_a_conversation_stops_it_first(with_agent):
    async def session(opened):
        name = await opened.begin()
        turn = asyncio.create_task(opened.say(name, "Go."))
        await opened.shown(lambda: opened.editor.text())
        await opened.agent.close_session(name)
        stop = await turn
        with pytest.raises(RequestError, match="is open"):
            await opened.say(name, "On.")
        return stop

    assert with_agent(session, HANGS) == "cancelled"
