"""A client that others have written, `acpx`: it brings a task to its end, denies a permission, and stops a turn."""

import json
import shlex
import shutil
import signal
import subprocess
import time

import pytest
from support.acp_editors import LONGEST, command, does, environment, says
from support.fake_providers import Answer, Ending, FakeProvider, openai_piece

from demiurgic.agent.events import TurnEnd, TurnEnded
from demiurgic.agent.sessions.shelf import Shelf

WRITE = does("write", json.dumps({"path": "a.txt", "content": "hello\n"}))
RUN = does("shell", json.dumps({"command": "cat a.txt && echo seen"}))
DENIED = 5


@pytest.fixture(scope="module")
def acpx(tmp_path_factory):
    assert shutil.which("npm"), "npm is missing: install nodejs and npm"
    folder = tmp_path_factory.mktemp("acpx")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "acpx@0.19"]
    subprocess.run(install, cwd=folder, check=True, timeout=240)
    return folder / "node_modules" / ".bin" / "acpx"


@pytest.fixture
def start(acpx, tmp_path, project):
    def started(provider: FakeProvider, *words: str) -> subprocess.Popen:
        agent = shlex.join(command("--model", f"{provider.url}/v1#m"))
        flags = ["--cwd", str(project), "--agent", agent, "--format", "json"]
        return subprocess.Popen([acpx, *flags, *words], env=environment(tmp_path), stdout=subprocess.PIPE, text=True)

    return started


def ended(process: subprocess.Popen) -> tuple[int, list[dict]]:
    out, _ = process.communicate(timeout=LONGEST)
    return process.returncode, [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def updates(messages: list[dict], kind: str) -> list[dict]:
    told = [message["params"]["update"] for message in messages if message.get("method") == "session/update"]
    return [update for update in told if update["sessionUpdate"] == kind]


def stops(messages: list[dict]) -> list[str]:
    """Why turns ended, as the agent said it."""
    results = [message.get("result") or {} for message in messages]
    return [result["stopReason"] for result in results if "stopReason" in result]


@pytest.mark.slow
def test_a_task_to_its_end(start, project):
    with FakeProvider(WRITE, RUN, says("It says ", "hello.")) as provider:
        code, messages = ended(start(provider, "--approve-all", "exec", "Write hello and look at it."))
    assert code == 0
    assert (project / "a.txt").read_text() == "hello\n"
    said = "".join(update["content"]["text"] for update in updates(messages, "agent_message_chunk"))
    assert said == "It says hello."
    assert stops(messages) == ["end_turn"]
    last = {update["toolCallId"]: update for update in updates(messages, "tool_call_update")}
    assert [update["status"] for update in last.values()] == ["completed", "completed"]
    assert "seen" in json.dumps(list(last.values())[-1])


@pytest.mark.slow
def test_a_permission_that_is_denied(start, project):
    with FakeProvider(WRITE, says("I may not.")) as provider:
        code, messages = ended(start(provider, "--deny-all", "exec", "Write hello."))
    assert code == DENIED
    assert not (project / "a.txt").exists()
    assert updates(messages, "tool_call_update")[-1]["status"] == "failed"
    assert updates(messages, "agent_message_chunk")[-1]["content"]["text"] == "I may not."


@pytest.mark.slow
def test_a_turn_that_is_stopped(start, tmp_path, project):
    hangs = Answer([openai_piece({"content": "I begin"})], ending=Ending.HANGING)
    with FakeProvider(hangs) as provider:
        process = start(provider, "--approve-all", "exec", "Think for long.")
        assert provider.arrived.wait(LONGEST)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, messages = ended(process)
        assert provider.left.wait(LONGEST)
    assert stops(messages) == ["cancelled"]
    shelf = Shelf(tmp_path / "state", project)
    session = shelf.open(shelf.list()[0].id)
    ends = [event.reason for event in session.events() if isinstance(event, TurnEnded)]
    session.close()
    assert ends == [TurnEnd.CANCELLED]
