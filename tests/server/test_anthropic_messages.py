"""Messages through Anthropic's own client, from a real server."""

import json

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent
from anthropic.types.shared import ErrorResponse
from pydantic import BaseModel, TypeAdapter
from support.serving import served

WEATHER = {
    "name": "weather",
    "description": "The weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 10}, "days": {"type": "integer"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "cache_control": {"type": "ephemeral"},
}
TIME = {"type": "custom", "name": "time", "input_schema": {"type": "object", "properties": {}}}
HELLO = [{"role": "user", "content": "Say hello."}]
GREEDY = {"extra_body": {"temperature": 0}}
EVENT = TypeAdapter(RawMessageStreamEvent)


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 1024, "--parallel", 4) as server:
        yield server


@pytest.fixture
def client(server):
    with Anthropic(base_url=server.url, api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def model(server):
    with server.client() as client:
        return client.get("/v1/models").json()["data"][0]["id"]


def test_the_models_are_listed_as_anthropics_client_expects_it(client, model):
    listed = client.models.list()
    assert [one.id for one in listed] == [model]
    assert listed.data[0].model_dump(exclude_unset=True) == client.models.retrieve(model).model_dump(exclude_unset=True)
    assert (listed.data[0].type, listed.data[0].display_name, listed.data[0].lifecycle) == ("model", model, "active")
    assert listed.data[0].created_at.year == 1970


def frames(server, **body):
    """The events of a stream as they came over the wire, each with its name."""
    with server.client() as client:
        text = client.post("/v1/messages", json={**body, "stream": True}).text
    told = []
    for frame in text.strip().split("\n\n"):
        name, data = frame.split("\n")
        told.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return told


def plain(message):
    """What must be the same whether it was streamed or not."""
    kept = message.model_dump(exclude={"id": True, "usage": {"input_tokens", "cache_read_input_tokens"}})
    for block in kept["content"]:
        block.pop("id", None)
        block.pop("parsed_output", None)
    return kept


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"stop_sequences": ["!", "?", "\n"]},
        {"tools": [WEATHER], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}, "max_tokens": 80},
        {"tools": [WEATHER, TIME]},
    ],
)
def test_an_answer_in_one_piece_is_the_one_that_is_streamed(client, model, wishes):
    asked = {"model": model, "messages": HELLO, "max_tokens": 24, **GREEDY, **wishes}
    whole = client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        shown = "".join(stream.text_stream)
        streamed = stream.get_final_message()
    assert plain(whole) == plain(streamed)
    assert shown == "".join(block.text for block in whole.content if block.type == "text")
    assert whole.content
    for usage in (whole.usage, streamed.usage):
        assert usage.cache_creation_input_tokens == 0
        assert usage.input_tokens > 0
    assert sum((whole.usage.input_tokens, whole.usage.cache_read_input_tokens)) == sum(
        (streamed.usage.input_tokens, streamed.usage.cache_read_input_tokens)
    )


def test_bodies_and_events_have_the_shapes_of_the_sdk(server, model):
    asked = {"model": model, "messages": HELLO, "max_tokens": 80, "tools": [WEATHER], "tool_choice": {"type": "any"}}
    with server.client() as client:
        whole = client.post("/v1/messages", json=asked).json()
        count = client.post("/v1/messages/count_tokens", json={"model": model, "messages": HELLO}).json()
        wrong = client.post("/v1/messages", json={}).json()
    told = frames(server, **asked)
    for shape, value in ((Message, whole), (MessageTokensCount, count), (ErrorResponse, wrong)):
        assert_shaped(shape, value)
    for name, event in told:
        assert name == event["type"]
        if name != "ping":
            assert_shaped(EVENT, event)
    names = [name for name, _ in told if name != "ping"]
    assert names[0] == "message_start"
    assert names[-2:] == ["message_delta", "message_stop"]
    blocks = names[1:-2]
    assert blocks[0] == "content_block_start"
    assert blocks[-1] == "content_block_stop"
    assert blocks.count("content_block_start") == blocks.count("content_block_stop") == len(whole["content"])


def assert_shaped(shape, value):
    """It is what the SDK's type says, with no field that the SDK does not know."""
    read = shape.validate_python(value) if isinstance(shape, TypeAdapter) else shape.model_validate(value, strict=True)
    assert not list(extras(read))


def extras(value):
    if isinstance(value, BaseModel):
        yield from value.model_extra or ()
        for name in type(value).model_fields:
            yield from extras(getattr(value, name))
    elif isinstance(value, list):
        for part in value:
            yield from extras(part)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("choice", "names"),
    [({"type": "any"}, {"weather", "time"}), ({"type": "tool", "name": "weather"}, {"weather"})],
)
def test_a_call_that_must_be_made_is_made(client, model, choice, names, streams):
    asked = {"model": model, "messages": HELLO, "tools": [WEATHER, TIME], "tool_choice": choice, "max_tokens": 80}
    if streams:
        with client.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(**asked)
    assert message.stop_reason == "tool_use"
    calls = [block for block in message.content if block.type == "tool_use"]
    assert calls
    for call in calls:
        assert call.name in names
        if call.name == "weather":
            assert isinstance(call.input["city"], str)


@pytest.mark.slow
@pytest.mark.parametrize("streams", [False, True])
def test_a_conversation_goes_on_over_three_turns_of_calls(client, model, streams):
    messages = list(HELLO)
    asked = {"model": model, "messages": messages, "tools": [WEATHER], **GREEDY}
    for turn in range(3):
        wishes = {"tool_choice": {"type": "any", "disable_parallel_tool_use": streams}, "max_tokens": 80}
        if streams:
            with client.messages.stream(**asked, **wishes) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked, **wishes)
        assert message.stop_reason == "tool_use"
        messages.append({"role": "assistant", "content": message.content})
        calls = [block for block in message.content if block.type == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"{turn} degrees"} for call in calls]
        results[0]["content"] = [{"type": "text", "text": "no such city"}]
        results[0]["is_error"] = True
        messages.append({"role": "user", "content": [*results, {"type": "text", "text": "And now?"}]})
    last = client.messages.create(**asked, tool_choice={"type": "none"}, max_tokens=8)
    assert {block.type for block in last.content} == {"text"}
    read = last.usage.cache_read_input_tokens
    assert read > 0.8 * (read + last.usage.input_tokens) - 60


def test_a_stop_sequence_ends_an_answer_and_is_told(client, model):
    def said(**wishes):
        return client.messages.create(model=model, messages=HELLO, max_tokens=24, **GREEDY, **wishes)

    whole = said()
    assert (whole.stop_reason, whole.stop_sequence) in (("max_tokens", None), ("end_turn", None))
    text = whole.content[0].text
    stopped = said(stop_sequences=["never said", text[5:8]])
    assert stopped.content[0].text == text[: text.index(text[5:8])]
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", text[5:8])


def test_an_answer_satisfies_its_schema(client, model):
    class Mood(BaseModel):
        mood: bool
        count: int

    message = client.messages.parse(model=model, messages=HELLO, max_tokens=60, output_format=Mood, **GREEDY)
    assert isinstance(message.parsed_output, Mood)


def test_the_likeliest_of_one_is_greedy(client, model):
    def said(**sampling):
        asked = {"model": model, "messages": HELLO, "max_tokens": 12}
        return client.messages.create(**asked, extra_body=sampling).content[0].text

    assert said(temperature=1, top_k=1) == said(temperature=0)
    assert len({said(temperature=1, top_k=1000) for _ in range(4)}) > 1


def test_tokens_are_counted_as_they_are_read(client, model):
    asked = {"model": model, "messages": HELLO, "system": [{"type": "text", "text": "Be brief."}], "tools": [WEATHER]}
    counted = client.messages.count_tokens(**asked)
    usage = client.messages.create(**asked, max_tokens=1).usage
    assert counted.input_tokens == usage.input_tokens + usage.cache_read_input_tokens
    assert client.messages.count_tokens(model=model, messages=HELLO).input_tokens < counted.input_tokens


def test_what_says_nothing_here_is_passed_over(client, model):
    kept = {"type": "ephemeral"}
    message = client.messages.create(
        model=model,
        max_tokens=4,
        cache_control=kept,
        metadata={"user_id": "somebody"},
        service_tier="standard_only",
        thinking={"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
        output_config={"effort": "low"},
        system=[{"type": "text", "text": "Be brief.", "cache_control": kept}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": kept}]},
            {"role": "user", "content": "there"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": ""},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "text", "text": "Hi"},
                ],
            },
            {"role": "user", "content": "Go on."},
        ],
        extra_headers={"anthropic-version": "2023-06-01", "anthropic-beta": "some-2026-01-01"},
    )
    assert message.usage.output_tokens == 4


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}
RESULT = {"type": "tool_result", "tool_use_id": "x", "content": "y"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"max_tokens": None}, ("max_tokens",)),
        ({"model": None}, ("model",)),
        ({"max_tokens": 0}, ("max_tokens",)),
        ({"temperature": 1.5}, ("temperature",)),
        ({"top_k": -1}, ("top_k",)),
        ({"container": "x"}, ("container", "not supported")),
        ({"messages": []}, ("messages",)),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, ("messages.0.content.0", "image")),
        ({"messages": [{"role": "user", "content": [{"type": "document"}]}]}, ("messages.0.content.0", "document")),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, ("messages.0.content.0.text.text",)),
        ({"messages": [{"role": "user", "content": ""}, {"role": "nobody", "content": ""}]}, ("messages.1.role",)),
        ({"messages": [{"role": "user", "content": []}]}, ("messages.0.content", "empty")),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, ("messages.0.content.0.tool_use_id", "no call")),
        ({"messages": [*HELLO, {"role": "assistant", "content": [RESULT]}]}, ("messages.1.content.0", "tool_result")),
        ({"messages": [*HELLO, {"role": "assistant", "content": "Hel"}]}, ("messages", "continued")),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, ("tools.0.type", "web_search_20250305")),
        ({"tools": [{"name": "x"}]}, ("tools.0.input_schema",)),
        ({"tools": [TIME, TIME]}, ("tools", "same name")),
        ({"tools": [TIME], "tool_choice": {"type": "tool", "name": "x"}}, ("'x'", "not offered")),
        ({"tool_choice": {"type": "any"}}, ("no tools",)),
        ({"tool_choice": {"type": "some"}}, ("tool_choice", "some")),
        ({"thinking": {"type": "between_tools"}}, ("thinking", "between_tools")),
        ({"stop_sequences": [""]}, ("stop_sequences.0",)),
        ({"tools": [{"name": "x", "input_schema": {"type": "nonsense"}}]}, ("x", "nonsense")),
    ],
)
def test_what_is_wrong_is_named(client, model, wrong, told):
    right = {"model": model, "messages": HELLO, "max_tokens": 4}
    body = {name: value for name, value in (right | wrong).items() if value is not None}
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", cast_to=Message, body=body)
    error = caught.value.body
    assert_shaped(ErrorResponse, error)
    assert error["error"]["type"] == "invalid_request_error"
    assert all(word in error["error"]["message"] for word in told), error


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"max_tokens": 4}, "max_tokens"),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, "image"),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, "messages.0.content.0.tool_use_id"),
        ({"tools": [TIME, TIME]}, "tools"),
    ],
)
def test_what_is_wrong_is_named_where_tokens_are_counted(client, model, wrong, told):
    with pytest.raises(anthropic.BadRequestError, match=told):
        client.messages.count_tokens(model=model, messages=HELLO, extra_body=wrong)


def test_an_unknown_model_is_not_found(client):
    for ask in (
        lambda: client.messages.create(model="nobody", messages=HELLO, max_tokens=4),
        lambda: client.messages.count_tokens(model="nobody", messages=HELLO),
    ):
        with pytest.raises(anthropic.NotFoundError) as caught:
            ask()
        assert caught.value.body["error"]["type"] == "not_found_error"
