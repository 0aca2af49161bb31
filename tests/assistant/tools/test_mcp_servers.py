"""Tools of a real server process, written with the protocol's own library."""

import sys
import threading
import time
from pathlib import Path

import pytest
from support.tool_calls import called, failure, planned, surroundings

from demiurgic.tools.mcp_servers import McpServer, McpServers
from demiurgic.tools.protocol import Effect, EffectKind

SERVER = Path(__file__).parents[2] / "support" / "mcp_server.py"


@pytest.fixture
def servers(tmp_path):
    mine = McpServer("mine", sys.executable, (str(SERVER),), {"GIVEN": "value"})
    others = [McpServer("absent", "/no/such/program"), McpServer("chatter", "/bin/echo", ("hello",))]
    opened = McpServers([mine, *others], tmp_path, tmp_path / "log")
    yield opened
    opened.close()


def tool_of(servers, name):
    return next(tool for tool in servers.tools if tool.spec.name == name)


def test_tools_of_a_server_are_called_like_any_other(servers, tmp_path):
    around = surroundings(tmp_path, 200)
    add = tool_of(servers, "mine_add")
    assert add.spec.description == "Add two numbers."
    assert set(add.spec.parameters["properties"]) == {"a", "b"}
    plan = planned(add, around, a=2, b=3)
    assert plan.effects == (Effect(EffectKind.EXTERNAL, "mine.add"),)
    assert plan.run(around).text == "5"
    assert called(tool_of(servers, "mine_odd_name_"), around).text == str(tmp_path)
    failed = called(tool_of(servers, "mine_fail"), around, why="because")
    assert failed.failed
    assert "because" in failed.text
    text = called(tool_of(servers, "mine_count"), around, to=9999).text
    assert "lines left out]" in text
    assert text.endswith("9999") or text.endswith("9998")
    assert around.budget.count(text) <= 220


def test_a_server_that_cannot_start_is_told_and_hurts_no_other(servers, tmp_path):
    absent, chatter = servers.problems
    assert absent.startswith("the MCP server absent could not be started: [Errno 2] No such file")
    assert chatter.startswith("the MCP server chatter could not be started: Connection closed")
    assert servers.tools
    assert "support server" in (tmp_path / "log").read_text()


def test_a_server_sees_what_it_was_given_and_none_of_our_secrets(servers, tmp_path):
    around = surroundings(tmp_path)
    tool = tool_of(servers, "mine_environment")
    assert called(tool, around, name="GIVEN").text == "value"
    assert called(tool, around, name="DEMIURGIC_TEST_MODELS").text == "not set"


def test_a_call_can_be_stopped(servers, tmp_path):
    around = surroundings(tmp_path)
    threading.Timer(0.5, around.cancel.set).start()
    begun = time.monotonic()
    assert failure(tool_of(servers, "mine_sleep"), around, seconds=60) == "stopped by the user"
    assert time.monotonic() - begun < 20


def test_a_server_that_dies_is_told_once_and_for_all(servers, tmp_path):
    around = surroundings(tmp_path)
    assert "the MCP server mine" in failure(tool_of(servers, "mine_die"), around)
    assert "the MCP server mine" in failure(tool_of(servers, "mine_add"), around, a=1, b=1)
