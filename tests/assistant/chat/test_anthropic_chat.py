"""The Anthropic chat model: real SDK, real HTTP, scripted server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from support.fake_providers import (
    Answer,
    FakeProvider,
    anthropic_answer,
    anthropic_block,
    anthropic_call,
    anthropic_text,
    json_answer,
)

from demiurgic.chat.anthropic_api import AnthropicChat
from demiurgic.chat.protocol import ChatModel, Named, Reply, ReplyOptions, ToolChoice
from demiurgic.errors import BadSchema, ConfigError, ProviderError, UnsupportedRequest
from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallStarted,
    ChatEvent,
    Finish,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
)
from demiurgic.messages import Assistant, System, Tool, ToolCall, ToolResult, Usage, User

READ = Tool(
    "read", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
)
HELLO = [User("hello")]
THINKING = anthropic_block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "hm "},
    {"type": "thinking_delta", "thinking": "so"},
    {"type": "signature_delta", "signature": "signed"},
)


@contextmanager
def served(*script: Answer, model: dict[str, Any] | None = None) -> Iterator[tuple[FakeProvider, AnthropicChat]]:
    with FakeProvider(*script, model=model) as fake, closing(AnthropicChat("m", fake.url, "key", timeout=5)) as chat:
        yield fake, chat


def known(adaptive: bool = True, disabled: bool = True) -> dict[str, Any]:
    """An entry of the list of models."""
    types = {"adaptive": {"supported": adaptive}, "disabled": {"supported": disabled}}
    limits = {"max_input_tokens": 200_000, "max_tokens": 8_000}
    return {"id": "m", "type": "model", **limits, "capabilities": {"thinking": {"supported": True, "types": types}}}


def last(reply: Reply) -> ReplyEnded:
    events: list[ChatEvent] = list(reply)
    assert [event for event in events if isinstance(event, ReplyEnded)] == events[-1:]
    assert isinstance(events[-1], ReplyEnded)
    return events[-1]


def test_thoughts_text_and_calls_come_apart_with_the_usage() -> None:
    answer = anthropic_answer(
        THINKING,
        anthropic_text("hey", 1),
        anthropic_call("read", '{"pa', 'th": "a"}', index=2),
        reason="tool_use",
        cached=90,
    )
    with served(answer) as (_, model):
        events = list(model.reply(HELLO, [READ]))
    call = ToolCall("toolu_1", "read", {"path": "a"})
    assert events == [
        ReasoningDelta("hm "),
        ReasoningDelta("so"),
        TextDelta("h"),
        TextDelta("ey"),
        CallStarted(0, "toolu_1", "read"),
        CallDelta(0, '{"pa'),
        CallDelta(0, 'th": "a"}'),
        CallFinished(0, call),
        ReplyEnded(Assistant("hey", "hm so", (call,)), Finish.CALLS, Usage(prompt=100, cached=90, completion=5)),
    ]


def test_the_conversation_is_translated() -> None:
    calls = (ToolCall("functions.read:0", "read", {"path": "a"}), ToolCall("c2", "read", {"path": "b"}))
    conversation = [
        System("be brief"),
        System("be kind"),
        User("read both"),
        Assistant("", "earlier thoughts", calls),
        ToolResult("functions.read:0", "read", "A"),
        ToolResult("c2", "read", "B"),
        User("and?"),
    ]
    with served(anthropic_answer(anthropic_text("ok"))) as (fake, model):
        last(model.reply(conversation, [READ]))
    body = fake.asked[0]
    assert body["system"] == [{"type": "text", "text": "be brief"}, {"type": "text", "text": "be kind"}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "read both"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "functions_read_0", "name": "read", "input": {"path": "a"}},
                {"type": "tool_use", "id": "c2", "name": "read", "input": {"path": "b"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "functions_read_0", "content": "A"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "B"},
                {"type": "text", "text": "and?"},
            ],
        },
    ]


def test_signed_thoughts_go_back_with_their_calls() -> None:
    thoughtful = anthropic_answer(THINKING, anthropic_call("read", '{"path": "a"}', index=1), reason="tool_use")
    with served(thoughtful, anthropic_answer(anthropic_text("ok"))) as (fake, model):
        message = last(model.reply(HELLO, [READ])).message
        last(model.reply([*HELLO, message, ToolResult("toolu_1", "read", "A")], [READ]))
    assistant = fake.asked[1]["messages"][1]["content"]
    assert assistant[0] == {"type": "thinking", "thinking": "hm so", "signature": "signed"}
    assert assistant[1]["type"] == "tool_use"


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        ("auto", True, {"type": "auto", "disable_parallel_tool_use": False}),
        ("auto", False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("none", True, {"type": "none"}),
        ("required", True, {"type": "any", "disable_parallel_tool_use": False}),
        (Named("read"), True, {"type": "tool", "name": "read", "disable_parallel_tool_use": False}),
    ],
)
def test_tool_choice(choice: ToolChoice, parallel: bool, sent: dict[str, Any]) -> None:
    answer = anthropic_answer(anthropic_call("read", '{"path": "a"}'), reason="tool_use")
    with served(answer) as (fake, model):
        last(model.reply(HELLO, [READ], ReplyOptions(tool_choice=choice, parallel_calls=parallel)))
    body = fake.asked[0]
    assert body["tool_choice"] == sent
    assert body["tools"] == [{"name": "read", "description": "Reads a file.", "input_schema": READ.parameters}]
    forced = choice not in ("auto", "none")
    assert body["thinking"]["type"] == ("disabled" if forced else "adaptive")


def test_the_models_own_limits_are_asked_for_once() -> None:
    answers = [anthropic_answer(anthropic_text("ok"))] * 2
    with served(*answers, model=known(adaptive=False)) as (fake, model):
        assert model.context is None
        last(model.reply(HELLO))
        last(model.reply(HELLO, options=ReplyOptions(max_tokens=7, stop=("END",))))
        assert model.context == 200_000
    assert [body["max_tokens"] for body in fake.asked] == [8_000, 7]
    assert fake.asked[0]["thinking"] == {"type": "disabled"}
    assert fake.asked[1]["stop_sequences"] == ["END"]
    assert [request.path for request in fake.requests if request.method == "GET"] == ["/v1/models/m"]


def test_a_model_that_cannot_stop_thinking_says_so() -> None:
    with (
        served(anthropic_answer(anthropic_text("ok")), model=known(disabled=False)) as (fake, model),
        pytest.raises(UnsupportedRequest, match="think"),
    ):
        last(model.reply(HELLO, options=ReplyOptions(think=False)))
    assert fake.asked == []


def test_an_answer_schema_is_simplified_for_the_provider_and_checked_whole() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    options = ReplyOptions(answer_schema=schema)
    with served(*(anthropic_answer(anthropic_text(text)) for text in ('{"n": 3}', '{"n": 2}'))) as (fake, model):
        assert last(model.reply(HELLO, options=options)).message.text == '{"n": 3}'
        with pytest.raises(ProviderError, match="n: 2 is less than the minimum of 3"):
            last(model.reply(HELLO, options=options))
    sent = fake.asked[0]["output_config"]["format"]
    assert sent["type"] == "json_schema"
    assert sent["schema"]["additionalProperties"] is False
    assert "minimum" not in sent["schema"]["properties"]["n"]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("stop_sequence", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
    ],
)
def test_why_it_ended(reason: str, finish: Finish) -> None:
    with served(anthropic_answer(anthropic_text("ok"), reason=reason)) as (_, model):
        assert last(model.reply(HELLO)).finish is finish


def test_a_refusal_is_an_error() -> None:
    with served(anthropic_answer(reason="refusal")) as (_, model), pytest.raises(ProviderError, match="declined"):
        last(model.reply(HELLO))


def test_a_wrong_call_is_repaired_once() -> None:
    wrong = anthropic_answer(THINKING, anthropic_call("read", "{}", index=1), reason="tool_use")
    right = anthropic_answer(anthropic_call("read", '{"path": "a"}', id="other"), reason="tool_use")
    with served(wrong, right) as (fake, model):
        ended = last(model.reply(HELLO, [READ]))
    assert ended.message.calls == (ToolCall("toolu_1", "read", {"path": "a"}),)
    assert ended.usage == Usage(prompt=20, completion=10)
    assert [turn["role"] for turn in fake.asked[1]["messages"]] == ["user", "assistant", "user"]
    assert "'path' is a required property" in fake.asked[1]["messages"][2]["content"][0]["text"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("temperature", ReplyOptions(temperature=0.0)),
        ("top_p", ReplyOptions(top_p=0.5)),
        ("seed", ReplyOptions(seed=1)),
        ("top_k", ReplyOptions(top_k=1)),
    ],
)
def test_what_the_provider_cannot_do_is_refused_by_name(name: str, options: ReplyOptions) -> None:
    with served() as (fake, model):
        with pytest.raises(UnsupportedRequest, match=name):
            model.reply(HELLO, options=options)
        assert fake.requests == []


def test_other_impossible_requests() -> None:
    with served() as (fake, model):
        with pytest.raises(UnsupportedRequest, match="continue"):
            model.reply([*HELLO, Assistant("I")])
        with pytest.raises(BadSchema, match="enforce"):
            model.reply(HELLO, options=ReplyOptions(answer_schema={"minimum": 3}))
        assert fake.requests == []
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
        AnthropicChat("m")


def test_tokens_are_counted_by_the_provider() -> None:
    with served(json_answer({"input_tokens": 42})) as (fake, model):
        chat: ChatModel = model
        assert chat.name == "anthropic:m"
        assert chat.count_tokens([System("be brief"), *HELLO], [READ]) == 42
    assert fake.requests[0].path == "/v1/messages/count_tokens"
    assert fake.asked[0]["system"][0]["text"] == "be brief"
    assert fake.asked[0]["tools"][0]["name"] == "read"
