"""Anthropic's client before a small server with a key: who is let in, what has room, and a model that thinks."""

import threading
from concurrent.futures import ThreadPoolExecutor

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types.shared import ErrorResponse
from support.agent_house import agents
from support.scripted_chat import ScriptedChat
from support.serving import served
from support.tiny_models import GLM45_TAGS, GLM47_TEMPLATE, make_glm

LONG = {
    "name": "write",
    "input_schema": {
        "type": "object",
        "properties": {"text": {"type": "string", "minLength": 5000}},
        "required": ["text"],
    },
}
HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, tiny_glm4):
    """One that has keys, a model that thinks besides, and room for one request and one more that waits."""
    thinker = make_glm(tmp_path_factory.mktemp("models") / "glm47.gguf", tags=GLM45_TAGS, template=GLM47_TEMPLATE)
    flags = ("--model", thinker, "--api-key", "right", "--parallel", 1, "--queue", 1, "--ctx", 4096)
    with served(tmp_path_factory.mktemp("guarded"), tiny_glm4, *flags) as server:
        yield server


@pytest.fixture
def known(guarded):
    with Anthropic(base_url=guarded.url, api_key="right", max_retries=0) as client:
        yield client


FOREVER = {"model": "glm4", "tools": [LONG], "tool_choice": {"type": "any"}}


def test_an_answer_may_take_what_is_left_of_the_context(known):
    """Clients name a limit without knowing this context, and hear that it was the context that ended their answer."""
    asked = {**FOREVER, "messages": [{"role": "user", "content": "x" * 3000}]}
    with known.messages.stream(**asked, max_tokens=64_000) as stream:
        unbounded = stream.get_final_message()
    bounded = known.messages.create(**asked, max_tokens=3)
    assert (unbounded.stop_reason, bounded.stop_reason) == ("model_context_window_exceeded", "max_tokens")
    assert bounded.usage.output_tokens == 3
    read = bounded.usage.input_tokens + bounded.usage.cache_read_input_tokens
    assert read + unbounded.usage.output_tokens == 4096
    assert unbounded.content == []  # a call that was cut off is none
    asked["messages"] = [{"role": "user", "content": "x" * 5000}]
    with pytest.raises(anthropic.BadRequestError, match="the context holds 4096"):
        known.messages.create(**asked, max_tokens=1)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("thinking", "kinds", "shown"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, ["thinking"], True),
        ({"type": "adaptive", "display": "omitted"}, ["thinking"], False),
        ({"type": "disabled"}, ["text"], False),
        (anthropic.omit, ["text"], False),
    ],
)
def test_thoughts_are_blocks_of_their_own_where_they_are_wanted(known, thinking, kinds, shown, streams):
    asked = {
        "model": "glm47",
        "messages": HELLO,
        "thinking": thinking,
        "max_tokens": 30,
        "extra_body": {"temperature": 0},
    }
    if streams:
        with known.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = known.messages.create(**asked)
    assert [block.type for block in message.content] == kinds
    if kinds == ["thinking"]:
        assert message.content[0].signature == ""
        assert bool(message.content[0].thinking) == shown
    read = message.usage.input_tokens + message.usage.cache_read_input_tokens
    assert known.messages.count_tokens(model="glm47", messages=HELLO, thinking=thinking).input_tokens == read


def test_a_wrong_key_is_refused(guarded):
    with (
        Anthropic(base_url=guarded.url, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError) as refused,
    ):
        stranger.messages.create(model="glm4", messages=HELLO, max_tokens=1)
    ErrorResponse.model_validate(refused.value.body)
    assert refused.value.body["error"]["type"] == "authentication_error"


def test_too_large_a_body_is_refused(known):
    with pytest.raises(anthropic.RequestTooLargeError) as refused:
        known.messages.create(model="glm4", messages=[{"role": "user", "content": "x" * (9 * 2**20)}], max_tokens=1)
    assert refused.value.body["error"]["type"] == "request_too_large"


def test_who_finds_the_line_full_is_told_when_to_come_back(guarded, known):
    asked = {"model": "glm4", "messages": HELLO, "max_tokens": 1}
    with (
        ThreadPoolExecutor() as others,
        known.messages.create(**{**FOREVER, "messages": HELLO, "max_tokens": 3500, "stream": True}) as stream,
    ):
        next(iter(stream))
        waiting = others.submit(known.messages.create, **asked)
        while not guarded.figure("waiting", **{"x-api-key": "right"}):
            assert not waiting.done()
        with pytest.raises(anthropic.RateLimitError) as refused:
            known.messages.create(**asked)
        stream.close()
        assert waiting.result(60).usage.output_tokens == 1
    ErrorResponse.model_validate(refused.value.body)
    assert refused.value.body["error"]["type"] == "rate_limit_error"
    assert int(refused.value.response.headers["retry-after"]) > 0


class Absent(ScriptedChat):
    """A model that does not answer before it may."""

    def __init__(self):
        super().__init__(())
        self.asks, self.may = threading.Event(), threading.Event()

    def count_tokens(self, *about, **more):
        self.asks.set()
        assert self.may.wait(60)
        return 1


def test_a_server_that_ends_keeps_nobody_who_counts_tokens(tmp_path):
    model = Absent()
    with agents(tmp_path, model, ()) as listening, listening.client() as client, ThreadPoolExecutor(1) as others:
        counting = others.submit(
            client.post, "/v1/messages/count_tokens", json={"model": "scripted", "messages": HELLO}
        )
        assert model.asks.wait(60)
        listening.stop()
        answer = counting.result(20)
        model.may.set()
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "overloaded_error")
