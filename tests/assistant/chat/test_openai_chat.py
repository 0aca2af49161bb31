"""The OpenAI-compatible chat model: real SDK, real HTTP, scripted server."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from support.fake_providers import Answer, FakeProvider, openai_answer, openai_call

from demiurgic.chat.openai_api import OpenAIChat
from demiurgic.chat.protocol import ChatModel, Named, Reply, ReplyOptions
from demiurgic.errors import BadSchema, ConfigError, ProviderError, UnsupportedRequest
from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallRejected,
    CallStarted,
    ChatEvent,
    Finish,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
)
from demiurgic.messages import Assistant, System, Tool, ToolCall, ToolResult, Usage, User

ADD = Tool(
    "add",
    "Adds two numbers.",
    {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)
HELLO = [User("hello")]
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@contextmanager
def served(*script: Answer) -> Iterator[tuple[FakeProvider, OpenAIChat]]:
    with FakeProvider(*script) as provider, closing(OpenAIChat("m", f"{provider.url}/v1", timeout=5)) as model:
        yield provider, model


def last(reply: Reply) -> ReplyEnded:
    events: list[ChatEvent] = list(reply)
    assert [event for event in events if isinstance(event, ReplyEnded)] == events[-1:]
    assert isinstance(events[-1], ReplyEnded)
    return events[-1]


def test_text_and_reasoning_come_apart_with_the_usage() -> None:
    deltas = [{"reasoning_content": "hm"}, {"reasoning": " so"}, {"content": "he"}, {"content": "y"}]
    with served(openai_answer(*deltas, prompt=9, cached=7)) as (_, model):
        events = list(model.reply(HELLO))
    assert events == [
        ReasoningDelta("hm"),
        ReasoningDelta(" so"),
        TextDelta("he"),
        TextDelta("y"),
        ReplyEnded(Assistant("hey", "hm so"), Finish.STOP, Usage(prompt=9, cached=7, completion=4)),
    ]


def test_it_is_a_chat_model_named_as_the_user_would_name_it() -> None:
    with served() as (provider, model):
        chat: ChatModel = model
        assert chat.name == f"{provider.url}/v1#m"
        assert chat.context is None
        assert chat.count_tokens(HELLO) is None


def test_a_call_in_fragments_is_assembled_and_checked() -> None:
    call = openai_call("add", '{"a"', ": 1, ", '"b": 2}')
    with served(openai_answer(*call, finish="tool_calls")) as (_, model):
        events = list(model.reply(HELLO, [ADD]))
    made = ToolCall("call_1", "add", {"a": 1, "b": 2})
    assert events[:2] == [CallStarted(0, "call_1", "add"), CallDelta(0, '{"a"')]
    assert events[-2] == CallFinished(0, made)
    assert isinstance(events[-1], ReplyEnded)
    assert (events[-1].message, events[-1].finish) == (Assistant(calls=(made,)), Finish.CALLS)


def test_parallel_calls_keep_their_order_even_when_the_server_gives_all_the_same_index() -> None:
    calls = [
        *openai_call("add", '{"a": 1, "b": 2}', index=0, id="x"),
        *openai_call("add", '{"a": 3, "b": 4}', index=0, id="y"),
    ]
    with served(openai_answer(*calls)) as (_, model):
        ended = last(model.reply(HELLO, [ADD]))
    assert [(call.id, call.arguments["a"]) for call in ended.message.calls] == [("x", 1), ("y", 3)]


def test_a_call_without_an_id_gets_one() -> None:
    call = openai_call("add", '{"a": 1, "b": 2}', id="")
    with served(openai_answer(*call)) as (_, model):
        ended = last(model.reply(HELLO, [ADD]))
    assert ended.message.calls[0].id.startswith("call_")


def test_the_conversation_is_translated() -> None:
    call = ToolCall("c1", "add", {"a": 1, "b": 2})
    conversation = [
        System("be brief"),
        System("be kind"),
        User("1+2?"),
        Assistant("let me see", "thinking", (call,)),
        ToolResult("c1", "add", "3"),
        Assistant("3", "more thinking"),
        System("the folder changed"),
        User("größer?"),
    ]
    with served(openai_answer({"content": "ok"})) as (provider, model):
        last(model.reply(conversation, [ADD]))
    arguments = json.dumps(call.arguments)
    made = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": arguments}}
    assert provider.asked[0]["messages"] == [
        {"role": "system", "content": "be brief\n\nbe kind"},
        {"role": "user", "content": "1+2?"},
        {"role": "assistant", "content": "let me see", "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
        {"role": "assistant", "content": "3"},
        {"role": "system", "content": "the folder changed"},
        {"role": "user", "content": "größer?"},
    ]


def test_every_option_is_sent() -> None:
    options = ReplyOptions(
        tool_choice=Named("add"),
        parallel_calls=False,
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        seed=7,
        stop=("END",),
        think=False,
        draft="the file",
    )
    with served(openai_answer(*openai_call("add", '{"a": 1, "b": 2}'))) as (provider, model):
        last(model.reply(HELLO, [ADD], options))
    body = provider.asked[0]
    sent = {name: body[name] for name in ("max_tokens", "temperature", "top_p", "seed", "stop", "parallel_tool_calls")}
    assert sent == {
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
        "parallel_tool_calls": False,
    }
    assert body["tool_choice"] == {"type": "function", "function": {"name": "add"}}
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["tools"][0]["function"]["parameters"] == ADD.parameters


def test_what_is_not_asked_for_is_not_sent() -> None:
    with served(openai_answer({"content": "ok"})) as (provider, model):
        last(model.reply(HELLO))
    assert set(provider.asked[0]) == {"messages", "model", "stream", "stream_options"}


def test_an_answer_schema_is_sent_and_checked() -> None:
    options = ReplyOptions(answer_schema=CITY)
    with served(openai_answer({"content": '{"city": "Bonn"}'}), openai_answer({"content": "Bonn"})) as (fake, model):
        assert last(model.reply(HELLO, options=options)).message.text == '{"city": "Bonn"}'
        with pytest.raises(ProviderError, match="answer_schema"):
            last(model.reply(HELLO, options=options))
    asked = fake.asked[0]["response_format"]
    assert asked == {"type": "json_schema", "json_schema": {"name": "answer", "schema": CITY, "strict": True}}


def test_a_schema_that_openai_would_not_take_as_strict_is_not_called_strict() -> None:
    loose = {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "object"}}}}
    with served(openai_answer({"content": "{}"})) as (fake, model):
        last(model.reply(HELLO, options=ReplyOptions(answer_schema=loose)))
    assert fake.asked[0]["response_format"]["json_schema"]["strict"] is False


def test_the_token_limit_is_told_and_a_call_that_it_cut_is_not_repaired() -> None:
    with served(openai_answer(*openai_call("add", '{"a": 1, "b'), finish="length")) as (fake, model):
        ended = last(model.reply(HELLO, [ADD]))
    assert ended.finish is Finish.LENGTH
    assert ended.message.calls == ()
    assert "token limit" in ended.rejected[0].problem
    assert len(fake.asked) == 1


def test_a_wrong_call_is_repaired_once_and_the_cost_is_told() -> None:
    wrong = openai_answer({"content": "I add."}, *openai_call("add", '{"a": "one"}', id="first"))
    right = openai_answer({"content": "sorry"}, *openai_call("add", '{"a": 1, "b": 2}', id="second"))
    with served(wrong, right) as (fake, model):
        events = list(model.reply(HELLO, [ADD]))
    ended = events[-1]
    assert isinstance(ended, ReplyEnded)
    assert ended.message == Assistant("I add.", calls=(ToolCall("first", "add", {"a": 1, "b": 2}),))
    assert ended.usage == Usage(prompt=20, completion=6)
    assert ended.finish is Finish.CALLS
    assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta("I add.")]
    shown = fake.asked[1]["messages"][-1]
    assert shown["role"] == "user"
    assert "a: 'one' is not of type 'integer'" in shown["content"]
    assert "'b' is a required property" in shown["content"]


def test_a_call_that_stays_wrong_is_rejected_in_words_for_the_model() -> None:
    wrong = openai_answer(*openai_call("add", '{"a": 1,'))
    still = openai_answer(*openai_call("add", '{"a": 1}'))
    with served(wrong, still) as (fake, model):
        events = list(model.reply(HELLO, [ADD]))
    rejected = CallRejected(0, "add", '{"a": 1}', "The arguments do not fit the tool: 'b' is a required property.")
    assert events[-2] == rejected
    assert isinstance(events[-1], ReplyEnded)
    assert events[-1].rejected == (rejected,)
    assert events[-1].message.calls == ()
    assert len(fake.asked) == 2


def test_an_unknown_tool_is_answered_with_the_names_of_the_known_ones() -> None:
    wrong = openai_answer(*openai_call("plus", '{"a": 1, "b": 2}'))
    with served(wrong, openai_answer({"content": "never mind"})) as (_, model):
        ended = last(model.reply(HELLO, [ADD]))
    assert ended.rejected[0].problem == "There is no tool named 'plus'. The tools are: add."


def test_a_good_call_beside_a_wrong_one_is_kept_and_never_made_twice() -> None:
    good = openai_call("add", '{"a": 1, "b": 1}', index=0, id="good")
    wrong = openai_call("add", "{}", index=1, id="wrong")
    again = openai_call("add", '{"a": 1, "b": 1}', index=0, id="n1")
    mended = openai_call("add", '{"a": 2, "b": 2}', index=1, id="n2")
    with served(openai_answer(*good, *wrong), openai_answer(*again, *mended)) as (_, model):
        ended = last(model.reply(HELLO, [ADD]))
    assert [(call.id, call.arguments["a"]) for call in ended.message.calls] == [("good", 1), ("wrong", 2)]


@pytest.mark.parametrize("choice", ["required", Named("add")])
def test_a_demanded_call_is_asked_for_again_and_its_lack_is_an_error(choice: object) -> None:
    options = ReplyOptions(tool_choice=choice)  # type: ignore[arg-type]
    words, call = openai_answer({"content": "no"}), openai_answer(*openai_call("add", '{"a": 1, "b": 2}'))
    with served(words, call, words, words) as (_, model):
        ended = last(model.reply(HELLO, [ADD], options))
        assert ended.message.calls[0].arguments == {"a": 1, "b": 2}
        with pytest.raises(ProviderError, match="tool_choice"):
            last(model.reply(HELLO, [ADD], options))


def test_calls_that_were_not_allowed_are_rejected_without_a_second_request() -> None:
    two = [
        *openai_call("add", '{"a": 1, "b": 1}', index=0, id="x"),
        *openai_call("add", '{"a": 2, "b": 2}', index=1, id="y"),
    ]
    with served(openai_answer(*two), openai_answer(*two)) as (fake, model):
        single = last(model.reply(HELLO, [ADD], ReplyOptions(parallel_calls=False)))
        none = last(model.reply(HELLO, [ADD], ReplyOptions(tool_choice="none")))
    assert ([call.id for call in single.message.calls], len(single.rejected)) == (["x"], 1)
    assert (none.message.calls, len(none.rejected)) == ((), 2)
    assert len(fake.asked) == 2


def test_reasoning_that_cannot_be_switched_off_is_an_error() -> None:
    with (
        served(openai_answer({"reasoning_content": "hm"}, {"content": "hey"})) as (_, model),
        pytest.raises(UnsupportedRequest, match="think"),
    ):
        last(model.reply(HELLO, options=ReplyOptions(think=False)))


@pytest.mark.parametrize(
    ("tools", "options", "error"),
    [
        ([], ReplyOptions(tool_choice="required"), UnsupportedRequest),
        ([ADD], ReplyOptions(tool_choice=Named("sub")), UnsupportedRequest),
        ([], ReplyOptions(max_tokens=0), UnsupportedRequest),
        ([], ReplyOptions(answer_schema={"type": "text"}), BadSchema),
        ([Tool("t", "", {"type": "object", "required": "a"})], ReplyOptions(), BadSchema),
    ],
)
def test_wrong_input_raises_before_anything_is_sent(tools: list[Tool], options: ReplyOptions, error: type) -> None:
    with served() as (fake, model):
        with pytest.raises(error):
            model.reply(HELLO, tools, options)
        assert fake.requests == []


def test_openai_itself_needs_a_key_and_bad_addresses_are_refused() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        OpenAIChat("m")
    with pytest.raises(ConfigError, match="address"):
        OpenAIChat("m", "127.0.0.1:8080")
    with pytest.raises(ConfigError, match="password"):
        OpenAIChat("m", "http://me:secret@localhost/v1")
