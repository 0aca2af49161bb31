"""Editors that do what they should not, and machines on which things go wrong, against a real server and model."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psutil
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound, JsonRpcRequestCancelled

ADD = 'def add(first, second):\n    """The sum of two numbers."""\n    return \n\n\nprint(add(1, 2))\n'
WAIT = 60


def test_two_hundred_questions_at_once_end_and_the_last_is_answered(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", ADD)
        assert await editor.shown(uri, 2, 11)
        text = editor.open("file:///project/more.py", "def area(width, height):\n    \n")
        asked = []
        for number in range(200):
            editor.type(text, 1, 4 + number, "x")
            asked.append(editor.asked(text, 1, 5 + number))
        began = time.monotonic()
        answers = await asyncio.wait_for(asyncio.gather(*asked[:-1], return_exceptions=True), WAIT)
        waited = time.monotonic() - began
        await asyncio.wait_for(asked[-1], WAIT)
        assert all(isinstance(answer, JsonRpcRequestCancelled) for answer in answers)
        status = await editor.run("demiurgic.status")
        assert status["state"] == "ready"
        return waited

    assert with_editor(session) < 5


def test_a_question_that_the_editor_cancels_ends_in_the_model(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", ADD)
        await editor.shown(uri, 2, 11)
        long = editor.open("file:///project/long.py", "".join(f"value_{n} = {n} * {n}\n" for n in range(96)) + "\n")
        asked = editor.asked(long, 96, 0)
        await asyncio.sleep(0.05)
        began = time.monotonic()
        editor.cancel()
        with pytest.raises(JsonRpcRequestCancelled):
            await asyncio.wait_for(asked, WAIT)
        answered = time.monotonic() - began
        child = _engine_of(editor)
        await asyncio.sleep(0.5)
        before = child.cpu_times().user
        await asyncio.sleep(1)
        return answered, child.cpu_times().user - before

    answered, worked = with_editor(session)
    assert answered < 0.5
    assert worked < 0.3


def test_a_document_that_changes_under_a_question_is_no_trouble(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", ADD)
        asked = editor.asked(uri, 2, 11)
        await asyncio.sleep(0.1)
        editor.replace(uri, "x = 1\n")
        editor.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        found = await asyncio.wait_for(asked, WAIT)
        assert found.items[0].insert_text == "first + second"
        with pytest.raises(JsonRpcException, match="is not open"):
            await asyncio.wait_for(editor.asked(uri, 2, 11), WAIT)

    with_editor(session)


def test_a_model_that_dies_is_there_again_for_the_next_question(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", ADD)
        assert await editor.shown(uri, 2, 11) == "first + second"
        _engine_of(editor).send_signal(signal.SIGKILL)
        other = editor.open("file:///project/other.py", ADD.replace("add", "sum_of"))
        found = [await editor.shown(other, 2, 11) for _ in range(3)]
        assert "first + second" in found

    with_editor(session)


def test_places_that_do_not_exist_and_odd_addresses_are_taken_as_they_come(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", "x = 1\n")
        for line, character in ((0, 999), (999, 0), (999, 999), (2**31 - 1, 2**31 - 1)):
            await editor.shown(uri, line, character)
        for odd in (
            "untitled:Untitled-1",
            "vscode-notebook-cell:/a.ipynb#X1",
            "git:/a.py?ref",
            "file:///%E4%B8%AD.py",
            "x",
        ):
            await editor.shown(editor.open(odd, ADD), 2, 11)
        large = editor.open("file:///project/large.py", "x = 1\n" * 900_000)
        assert await editor.shown(large, 3, 3) == ""

    with_editor(session)


def test_unknown_methods_and_commands_are_refused(with_editor):
    async def session(editor):
        with pytest.raises(JsonRpcMethodNotFound):
            await editor.client.protocol.send_request_async("textDocument/nothing", {})
        editor.client.protocol.notify("$/nothing", {})
        uri = editor.open("file:///project/sums.py", ADD)
        assert await editor.shown(uri, 2, 11)

    with_editor(session)


def test_no_connection_is_opened(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", ADD)
        await editor.shown(uri, 2, 11)
        server = psutil.Process(editor.client._server.pid)
        return [one for process in (server, *server.children(recursive=True)) for one in process.net_connections()]

    assert with_editor(session) == []


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 5\r\n\r\n{nope",
        b"Content-Length: 2\r\n\r\n[]",
        b'Content-Length: 17\r\n\r\n{"jsonrpc":"1.0"}',
        b"Content-Length: 4\r\n\r\nnull",
    ],
)
def test_messages_that_are_none_do_not_end_the_server(tmp_path, sent):
    with server(tmp_path) as process:
        process.stdin.write(sent)
        process.stdin.flush()
        assert ask(process, 1, "initialize", {"capabilities": {}, "processId": None, "rootUri": None})["result"]
        assert "error" in ask(process, 2, "textDocument/hover", {"wrong": 1})
        assert "error" in ask(process, 3, "textDocument/hover", [1])
        assert "error" in ask(process, 4, "workspace/executeCommand", {"command": 3})
        assert ask(process, 5, "shutdown", None)["result"] is None


@pytest.mark.parametrize("leaves", ["exit", "close", "term"])
def test_an_editor_that_leaves_leaves_nothing_behind(tmp_path, qwen, leaves):
    with server(tmp_path, "--model", qwen) as process:
        ask(process, 1, "initialize", {"capabilities": {}, "processId": None, "rootUri": None})
        tell(process, "initialized", {})
        item = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": ADD}
        tell(process, "textDocument/didOpen", {"textDocument": item})
        place = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 2, "character": 11}}
        assert ask(process, 2, "textDocument/inlineCompletion", {**place, "context": {"triggerKind": 2}})["result"]
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        if leaves == "exit":
            ask(process, 3, "shutdown", None)
            tell(process, "exit", None)
        elif leaves == "close":
            process.stdin.close()
        else:
            process.terminate()
        process.wait(20)
        _, alive = psutil.wait_procs(children, 10)
        assert alive == []
        assert b"Traceback" not in process.stderr.read()


def _engine_of(editor):
    return psutil.Process(editor.client._server.pid).children(recursive=True)[-1]


@contextmanager
def server(folder, *flags):
    """A server without a client, ended in any case."""
    home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "demiurgic", "lsp", *map(str, flags)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, env={**os.environ, **home}, **pipes) as process:
        limit = threading.Timer(WAIT, process.kill)
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            process.kill()


def tell(process, method, params, **more):
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
    process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    process.stdin.flush()


def ask(process, number, method, params):
    tell(process, method, params, id=number)
    while True:
        length = 0
        while (line := process.stdout.readline().strip()) != b"":
            if line.lower().startswith(b"content-length"):
                length = int(line.split(b":")[1])
        message = json.loads(process.stdout.read(length))
        if message.get("id") == number:
            return message
