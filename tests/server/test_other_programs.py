"""What people point at such a server: our own agent, another server of ours, `llm`, OpenAI's client for JavaScript."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from support.agent_house import RUNS, agents, events
from support.desks import call, scripted
from support.serving import served

from demiurgic.agent.events import ToolFinished, TurnEnd

WRITE = call("write", path="a.txt", content="hello")
TALK = """
import OpenAI from "openai";
const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none" });
const model = (await client.models.list()).data[0].id;
const number = { type: "object", properties: { number: { type: "integer" } }, required: ["number"] };
const square = { name: "square", parameters: { ...number, additionalProperties: false } };
const tools = [{ type: "function", function: square }];
const messages = [{ role: "user", content: "Square some numbers." }];
for (let turn = 0; turn < 3; turn++) {
  const stream = client.chat.completions.stream({ model, messages, tools, tool_choice: "required", max_tokens: 200 });
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  messages.push(message);
  for (const call of message.tool_calls) {
    const { number } = JSON.parse(call.function.arguments);
    console.log(JSON.stringify([finish_reason, call.function.name, Number.isInteger(number)]));
    messages.push({ role: "tool", tool_call_id: call.id, content: String(number * number) });
  }
}
const last = await client.chat.completions.create({ model, messages, tools, tool_choice: "none", max_tokens: 20 });
console.log(JSON.stringify([last.choices[0].finish_reason, last.choices[0].message.tool_calls ?? null]));
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "projects" / "one").mkdir(parents=True)
    return (tmp_path / "projects").resolve()


@pytest.fixture(scope="module")
def small(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("small"), smollm2, "--ctx", 2048, "--parallel", 2) as server:
        yield server


def test_our_own_agent_works_with_the_model_of_another_machine(tmp_path, root):
    with agents(tmp_path / "state", scripted(WRITE, "It is written."), (root,)) as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "demiurgic", "--model", f"{server.url}/v1#scripted", "--approve", "edits"),
                *("-p", "Write hello into a.txt", "--output-format", "stream-json"),
            ],
            cwd=root / "one",
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "XDG_STATE_HOME": str(tmp_path / "home"),
                "DEMIURGIC_SANDBOX": "process",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (root / "one" / "a.txt").read_text() == "hello\n"
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["type"], last["reason"]) == ("turn_ended", "done")
    assert "It is written." in json.dumps(last)


def test_a_server_lends_the_model_of_another_server_to_its_agents(tmp_path, root):
    with agents(tmp_path / "state", scripted(WRITE, "It is written."), ()) as far:
        flags = ("--allow-agents", root, "--parallel", 1)
        with served(tmp_path, f"{far.url}/v1#scripted", *flags, DEMIURGIC_SANDBOX="process") as near:
            with httpx2.Client(base_url=near.url, timeout=60) as client:
                wanted = {"workspace": str(root / "one"), "prompt": "Write hello into a.txt", "approve": "edits"}
                run = client.post(RUNS, json=wanted).json()
                told = [line.event for line in events(client, run["id"])]
            assert near.figure("running") == near.figure("agents") == 0
            assert near.stop() == 0
    assert [event.failed for event in told if isinstance(event, ToolFinished)] == [False]
    assert told[-1].reason is TurnEnd.DONE
    assert told[-1].message.text == "It is written."
    assert (root / "one" / "a.txt").read_text() == "hello\n"


def test_llm_talks_and_goes_on_talking(small, tmp_path):
    program = Path(sys.executable).with_name("llm")
    assert program.exists(), "llm is missing: pip install '.[dev]'"
    with small.client() as client:
        model = client.get("/v1/models").json()["data"][0]["id"]
    where = f"api_base: {small.url}/v1"
    (tmp_path / "extra-openai-models.yaml").write_text(f"- model_id: here\n  model_name: {model}\n  {where}\n")
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path), "OPENAI_API_KEY": "none"}

    def said(*words):
        command = [program, *words, "-m", "here", "-o", "max_tokens", "20", "-o", "temperature", "0"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert said("Say hello.") == said("Say hello.", "--no-stream") != ""
    assert said("And again.", "--continue")


@pytest.mark.slow
def test_javascript_calls_tools_over_three_turns(small, tmp_path):
    assert shutil.which("npm"), "npm is missing: install nodejs and npm"
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "openai"]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=120)
    (tmp_path / "talk.mjs").write_text(TALK)
    command = ["node", "talk.mjs", f"{small.url}/v1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    *called, last = map(json.loads, done.stdout.splitlines())
    assert len(called) >= 3
    assert set(map(tuple, called)) == {("tool_calls", "square", True)}
    assert last[0] in ("stop", "length")
    assert last[1] is None
