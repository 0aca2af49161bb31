"""The protocol itself: who greets whom, what is refused, and that nothing else is ever written on its stream."""

import json
import os
import subprocess
import sys
import time

import pytest
from acp import RequestError, embedded_blob_resource, image_block, resource_block, text_block
from acp.schema import HttpMcpServer
from support.acp_editors import LONGEST, command, environment, says
from support.fake_providers import FakeProvider

STRAY = """
import os, sys, threading, time
from pathlib import Path
from demiurgic.cli import main

def stray():
    while not Path(sys.argv[1]).exists():
        time.sleep(0.02)
    print("stray", flush=True)
    os.write(1, b"stray bytes\\n")
    Path(sys.argv[1] + ".done").touch()

threading.Thread(target=stray, daemon=True).start()
sys.exit(main(["acp"]))
"""
HELLO = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": 1}}


def refused(error: pytest.ExceptionInfo[RequestError]) -> tuple[int, str]:
    return error.value.code, str(error.value)


def spoken(tmp_path, *lines: bytes, model: str = "none") -> tuple[list[dict], subprocess.CompletedProcess]:
    """What is answered to these very bytes."""
    start, said = command("--model", model), b"".join(lines)
    done = subprocess.run(start, input=said, env=environment(tmp_path), capture_output=True, timeout=LONGEST)
    return [json.loads(line) for line in done.stdout.splitlines()], done


def line(message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"


def test_it_says_who_it_is_and_what_it_can_do(with_agent):
    async def session(opened):
        return opened.told

    told = with_agent(session)
    able = told.agent_capabilities
    assert (told.protocol_version, told.agent_info.name) == (1, "demiurgic")
    assert told.auth_methods == []
    assert able.load_session
    assert able.prompt_capabilities.embedded_context
    assert not able.prompt_capabilities.image
    sessions = able.session_capabilities
    assert None not in (sessions.list, sessions.resume, sessions.close)
    assert sessions.fork is None


def test_whatever_version_is_wanted_the_one_there_is_is_offered(tmp_path):
    asked = [{**HELLO, "id": version, "params": {"protocolVersion": version}} for version in (0, 1, 2, 99)]
    answers, done = spoken(tmp_path, *map(line, asked))
    assert {answer["id"]: answer["result"]["protocolVersion"] for answer in answers} == {0: 1, 1: 1, 2: 1, 99: 1}
    assert done.returncode == 0


def test_lines_that_are_no_messages_are_answered_and_the_next_is_read(tmp_path):
    wrong = [b"{no json\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"42\n", b"[]\n", b"{}\n", b"\n", b'{"id": {}}\n']
    strange = [
        line({"jsonrpc": "2.0", "id": 7, "error": "no object"}),
        line({"jsonrpc": "2.0", "id": 999, "result": {}}),
        line({"jsonrpc": "2.0", "id": 5, "method": []}),
        line({"jsonrpc": "2.0", "method": "session/update", "params": {}}),
        line({"jsonrpc": "2.0", "id": "a", "method": "no/such"}),
        line({"jsonrpc": "2.0", "id": "b", "method": "session/new", "params": {"cwd": 3}}),
        line({"jsonrpc": "2.0", "id": "c", "method": "session/prompt", "params": None}),
        line({"jsonrpc": "2.0", "id": "d", "method": "session/fork", "params": {"sessionId": "s", "cwd": "/"}}),
        line({"jsonrpc": "2.0", "id": "e", "method": "_ours/thing", "params": {}}),
    ]
    answers, done = spoken(tmp_path, *wrong, *strange, line(HELLO), b'{"jsonrpc": "2.0", "unfinished')
    assert done.returncode == 0
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)
    by_id = {answer["id"]: answer for answer in answers}
    nameless = [answer["error"]["code"] for answer in answers if answer["id"] is None]
    assert nameless == [-32700, -32700, -32700, -32600, -32600, -32600, -32600, -32600, -32600]
    codes = {name: by_id[name]["error"]["code"] for name in "abcde"}
    assert codes == {"a": -32601, "b": -32602, "c": -32602, "d": -32601, "e": -32601}
    assert by_id[0]["result"]["agentInfo"]["name"] == "demiurgic"


def test_a_line_that_is_too_long_is_passed_over(tmp_path):
    long = b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * (65 << 20) + b'"}\n'
    (refusal, answer), _ = spoken(tmp_path, long, line(HELLO))
    assert refusal["error"] == {"code": -32600, "message": "a line has more than 64 MB"}
    assert answer["id"] == 0


@pytest.mark.parametrize("source", ["input", os.devnull])
def test_it_wants_streams_and_no_files(tmp_path, source):
    (tmp_path / "input").write_bytes(line(HELLO))
    with (tmp_path / source).open("rb") as file:
        done = subprocess.run(
            command(), stdin=file, env=environment(tmp_path), capture_output=True, text=True, timeout=LONGEST
        )
    assert done.returncode == 2
    assert done.stderr.startswith("demiurgic: the standard streams are files;")


def test_what_cannot_be_opened_is_told_in_a_line(with_agent, tmp_path):
    async def session(opened):
        refusals = []
        for wishes in (
            {"cwd": "relative"},
            {"cwd": str(tmp_path / "none")},
            {"cwd": str(tmp_path), "additional_directories": ["/"]},
            {"cwd": str(tmp_path), "mcp_servers": [HttpMcpServer(type="http", name="far", url="http://x", headers=[])]},
        ):
            with pytest.raises(RequestError) as error:
                await opened.agent.new_session(**wishes)
            refusals.append(refused(error))
        for name in ("20200101-000000-abcdef", "../../etc/passwd"):
            with pytest.raises(RequestError) as error:
                await opened.agent.load_session(str(tmp_path), name)
            refusals.append(refused(error))
        for ask in (opened.agent.prompt("none", [text_block("hello")]), opened.agent.set_session_mode("none", "ask")):
            with pytest.raises(RequestError) as error:
                await ask
            refusals.append(refused(error))
        return refusals

    assert with_agent(session) == [
        (-32602, "cwd: 'relative' is no absolute path"),
        (-32602, f"cwd: {tmp_path}/none is no folder"),
        (-32602, "a conversation has one folder"),
        (-32602, "the MCP server far is no program"),
        (-32002, f"there is no session 20200101-000000-abcdef of {tmp_path}"),
        (-32002, "'../../etc/passwd' is no session"),
        (-32002, "no conversation 'none' is open"),
        (-32002, "no conversation 'none' is open"),
    ]


def test_a_model_that_is_not_there_is_told_with_the_next_step(tmp_path):
    new = {"jsonrpc": "2.0", "id": 1, "method": "session/new", "params": {"cwd": str(tmp_path), "mcpServers": []}}
    process = subprocess.Popen(
        command("--model", "no-such-model"), env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        process.stdin.write(line(HELLO) + line(new))
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
        assert process.wait(LONGEST) == 0
    error = next(answer["error"] for answer in answers if answer["id"] == 1)
    assert "no-such-model" in error["message"]
    assert error["data"]["hint"]


def test_blocks_that_nobody_here_understands_are_refused(with_agent):
    async def session(opened):
        name = await opened.begin()
        with pytest.raises(RequestError) as picture:
            await opened.say(name, image_block("aGk=", "image/png"))
        with pytest.raises(RequestError) as nothing:
            await opened.say(name, "  ")
        blob = resource_block(embedded_blob_resource("file:///a.bin", "aGk="))
        return refused(picture), refused(nothing), await opened.say(name, "look", blob), opened.editor.text()

    picture, nothing, stop, text = with_agent(session, says("It is no text."))
    assert picture == (-32602, "pictures and sounds are not understood here")
    assert nothing == (-32602, "there is nothing to answer")
    assert (stop, text) == ("end_turn", "It is no text.")


def test_every_line_on_the_stream_is_the_protocols(tmp_path):
    (tmp_path / "project").mkdir()
    cwd = str(tmp_path / "project")
    new = {"jsonrpc": "2.0", "id": 1, "method": "session/new", "params": {"cwd": cwd, "mcpServers": []}}
    with FakeProvider(says("Hello.")) as provider:
        process = subprocess.Popen(
            command("--model", f"{provider.url}/v1#m", "--approve", "all"),
            env=environment(tmp_path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with process:
            process.stdin.write(line(HELLO) + line(new))
            process.stdin.flush()
            answers = [json.loads(process.stdout.readline()) for _ in range(3)]
            kinds = [answer.get("id", answer.get("method")) for answer in answers]
            assert kinds == [0, 1, "session/update"]  # the commands are told when the conversation is known
            assert answers[2]["params"]["update"]["sessionUpdate"] == "available_commands_update"
            name = answers[1]["result"]["sessionId"]
            ask = {"sessionId": name, "prompt": [{"type": "text", "text": "hi"}]}
            process.stdin.write(line({"jsonrpc": "2.0", "id": 2, "method": "session/prompt", "params": ask}))
            process.stdin.flush()
            told = []
            while not told or told[-1].get("id") != 2:
                told.append(json.loads(process.stdout.readline()))
            process.stdin.close()
            rest = process.stdout.read()
    assert rest == b""
    assert told[-1]["result"] == {"stopReason": "end_turn"}
    assert [each["params"]["update"]["sessionUpdate"] for each in told[:-1]] == [
        "agent_message_chunk",
        "session_info_update",
    ]


def test_what_anything_else_prints_does_not_get_among_it(tmp_path):
    now, done = tmp_path / "now", tmp_path / "now.done"
    start = [sys.executable, "-c", STRAY, str(now)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(start, env=environment(tmp_path), **pipes) as process:
        process.stdin.write(line(HELLO))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 0
        now.touch()
        end = time.monotonic() + LONGEST
        while not done.exists() and time.monotonic() < end:
            time.sleep(0.02)
        out, errors = process.communicate(timeout=LONGEST)
    assert out == b""
    assert errors.splitlines() == [b"stray", b"stray bytes"]
