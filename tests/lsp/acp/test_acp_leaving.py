"""Editors that vanish: the agent ends with them, and so does whatever it had started; what was said is kept."""

import asyncio
import json
import signal
import subprocess
import time

import psutil
import pytest
from support.acp_editors import LONGEST, Editor, command, connected, does, environment, texts
from support.fake_providers import Answer, Ending, FakeProvider, openai_piece

from demiurgic.agent.sessions.shelf import Shelf

HANGS = Answer([openai_piece({"content": "I begin"})], ending=Ending.HANGING)
SLEEPS = does("shell", json.dumps({"command": "echo begun; sleep 8642"}))
WRITES = does("write", json.dumps({"path": "a.txt", "content": "x"}))


def sleepers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [])[-1:] == ["8642"]]


def vanishes(opened) -> None:
    opened.process.stdin.close()


def kills(opened) -> None:
    opened.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("leaves", [vanishes, kills])
@pytest.mark.parametrize(
    ("answer", "begun", "flags"),
    [
        (HANGS, lambda seen: seen.text(), ()),
        (SLEEPS, lambda seen: any("begun\n```" in texts(call) for call in seen.calls()), ("--approve", "all")),
        (WRITES, lambda seen: seen.asked, ()),
    ],
    ids=["writing", "running", "asking"],
)
def test_an_editor_that_vanishes_takes_everything_with_it(tmp_path, project, answer, begun, flags, leaves):
    editor = Editor(answers=["never"])

    async def main(url):
        async with connected(tmp_path, editor, ("--model", f"{url}/v1#m", *flags)) as opened:
            name = await opened.begin()
            turn = asyncio.create_task(opened.say(name, "Go."))
            await opened.shown(lambda: begun(editor))
            leaves(opened)
            code = await asyncio.wait_for(opened.process.wait(), LONGEST)
            turn.cancel()
            return name, code

    with FakeProvider(answer) as provider:
        name, code = asyncio.run(main(provider.url))
    assert code == 0
    end = time.monotonic() + 5
    while sleepers() and time.monotonic() < end:
        time.sleep(0.1)
    assert sleepers() == []
    assert not (project / "a.txt").exists()
    session = Shelf(tmp_path / "state", project).open(name)  # nobody holds it any more
    assert [turn.began.text for turn in session.history.path()] == ["Go."]
    assert session.history.path()[0].ended
    session.close()


def test_an_editor_that_does_not_read_does_not_keep_it_alive(tmp_path, project):
    lines = [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": 1}}]
    lines += [
        {"jsonrpc": "2.0", "id": 1, "method": "session/new", "params": {"cwd": str(project), "mcpServers": []}},
    ]
    much = Answer([openai_piece({"content": "x" * 1000})] * 5000, ending=Ending.HANGING)
    with FakeProvider(much) as provider:
        process = subprocess.Popen(
            command("--model", f"{provider.url}/v1#m"),
            env=environment(tmp_path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with process:
            process.stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
            process.stdin.flush()
            answers = [json.loads(process.stdout.readline()) for _ in range(2)]
            ask = {"sessionId": answers[1]["result"]["sessionId"], "prompt": [{"type": "text", "text": "Much."}]}
            prompt = {"jsonrpc": "2.0", "id": 2, "method": "session/prompt", "params": ask}
            process.stdin.write(json.dumps(prompt).encode() + b"\n")
            process.stdin.flush()
            assert provider.arrived.wait(LONGEST)
            time.sleep(1)  # the pipe is full by now
            process.stdin.close()
            assert process.wait(20) == 0
