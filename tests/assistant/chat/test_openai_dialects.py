"""How requests differ between the servers that speak OpenAI's protocol."""

import os
import subprocess
import sys
from typing import Any

import pytest
from support.fake_providers import FakeProvider, openai_answer

from demiurgic.chat.openai_wire import OPENAI_URL, dialect_of, request_body, write_messages
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.remote import asked
from demiurgic.messages import Assistant, Tool, User

ZHIPU = "https://open.bigmodel.cn/api/paas/v4"
LOCAL = "http://localhost:8000/v1"
TOOL = Tool("t", "", {"type": "object"})


@pytest.mark.parametrize(
    ("url", "limit", "without_reasoning"),
    [
        (OPENAI_URL, "max_completion_tokens", {"reasoning_effort": "none"}),
        ("https://openrouter.ai/api/v1", "max_tokens", {"reasoning": {"enabled": False}}),
        ("https://api.z.ai/api/paas/v4/", "max_tokens", {"thinking": {"type": "disabled"}}),
        (ZHIPU, "max_tokens", {"thinking": {"type": "disabled"}}),
        ("http://localhost:11434/v1", "max_tokens", {"reasoning_effort": "none"}),
        (LOCAL, "max_tokens", {"chat_template_kwargs": {"enable_thinking": False}}),
    ],
)
def test_limits_and_reasoning(url: str, limit: str, without_reasoning: dict[str, Any]) -> None:
    ask = asked([User("hi")], [], ReplyOptions(max_tokens=5, think=False))
    body, extra = request_body("m", ask, dialect_of(url))
    assert {name: body[name] for name in body if name.startswith("max")} == {limit: 5}
    assert extra == without_reasoning


def test_parallel_calls_are_asked_for_only_where_they_must_be() -> None:
    ask = asked([User("hi")], [TOOL], ReplyOptions())
    assert "parallel_tool_calls" not in request_body("m", ask, dialect_of(OPENAI_URL))[0]
    assert request_body("m", ask, dialect_of(LOCAL))[0]["parallel_tool_calls"] is True


def test_reasoning_goes_back_only_to_those_who_want_it() -> None:
    thoughtful = (User("hi"), Assistant("hey", "hm"))
    assert write_messages(thoughtful, dialect_of(ZHIPU))[1]["reasoning_content"] == "hm"
    assert "reasoning_content" not in write_messages(thoughtful, dialect_of(LOCAL))[1]


def test_hosted_services_need_a_key_and_local_ones_do_not() -> None:
    assert dialect_of(ZHIPU).needs_key
    assert not dialect_of(LOCAL).needs_key
    assert dialect_of("http://[::1]:8000/v1").title == "::1:8000"


def test_a_local_server_is_reached_without_proxies_and_never_gets_the_environments_key() -> None:
    code = """
import sys
from demiurgic.chat.openai_api import OpenAIChat
from demiurgic.messages import User
model = OpenAIChat("m", sys.argv[1], timeout=5)
print(list(model.reply([User("hi")]))[-1].message.text)
model.close()
"""
    nowhere = "http://127.0.0.1:9"
    environment = {**os.environ, "HTTP_PROXY": nowhere, "http_proxy": nowhere, "OPENAI_API_KEY": "sk-secret"}
    with FakeProvider(openai_answer({"content": "hey"})) as fake:
        command = [sys.executable, "-c", code, f"{fake.url}/v1"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("hey\n", "")
    assert "sk-secret" not in str(fake.requests)
