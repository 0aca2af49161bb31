"""Chat completions through OpenAI's own client, from a real server."""

import json

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from support.serving import served

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 10}, "days": {"type": "integer"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
TIME = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}
HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 1024, "--parallel", 4) as server:
        yield server


@pytest.fixture
def client(server):
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def model(client):
    return client.models.list().data[0].id


def test_an_answer_in_one_piece_is_the_one_that_is_streamed(client, model):
    whole = client.chat.completions.create(model=model, messages=HELLO, max_tokens=16)
    wishes = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, max_tokens=16, **wishes))
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert whole.choices[0].message.content == streamed != ""
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens > 0
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == whole.choices[0].finish_reason
    assert whole.object == "chat.completion"
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1


def test_several_answers_differ_and_a_seed_brings_them_back(client, model):
    def asked():
        return client.chat.completions.create(
            model=model, messages=HELLO, max_tokens=12, n=3, seed=7, temperature=1.3
        ).choices

    first, again = asked(), asked()
    assert [choice.index for choice in first] == [0, 1, 2]
    assert len({choice.message.content for choice in first}) == 3
    assert [choice.message.content for choice in first] == [choice.message.content for choice in again]


def test_log_probabilities_tell_what_was_written(client, model):
    answer = client.chat.completions.create(
        model=model, messages=HELLO, max_tokens=8, logprobs=True, top_logprobs=3
    ).choices[0]
    odds = answer.logprobs.content
    assert bytes(byte for token in odds for byte in token.bytes).decode() == answer.message.content
    for token in odds:
        assert len(token.top_logprobs) == 3
        assert token.logprob == max(rival.logprob for rival in token.top_logprobs) <= 0  # greedy


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", {"weather", "time"}),
        ({"type": "function", "function": {"name": "weather"}}, {"weather"}),
    ],
)
def test_a_call_that_must_be_made_is_made(client, model, choice, names, streams):
    wishes = {"model": model, "messages": HELLO, "tools": [WEATHER, TIME], "tool_choice": choice, "max_tokens": 80}
    if streams:
        with client.chat.completions.stream(**wishes) as stream:
            answer = stream.get_final_completion().choices[0]
    else:
        answer = client.chat.completions.create(**wishes).choices[0]
    assert answer.finish_reason == "tool_calls"
    call = answer.message.tool_calls[0]
    assert call.function.name in names
    arguments = json.loads(call.function.arguments)
    if call.function.name == "weather":
        assert isinstance(arguments["city"], str)


def test_a_conversation_goes_on_over_three_turns_of_calls(client, model):
    messages = list(HELLO)
    for turn in range(3):
        answer = client.chat.completions.create(
            model=model, messages=messages, tools=[WEATHER], tool_choice="required", max_tokens=80
        )
        message = answer.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": f"{turn} degrees"})
    last = client.chat.completions.create(
        model=model, messages=messages, tools=[WEATHER], tool_choice="none", max_tokens=8
    )
    assert last.choices[0].message.tool_calls is None
    assert last.usage.prompt_tokens_details.cached_tokens > 0.8 * last.usage.prompt_tokens - 60


def test_an_answer_satisfies_its_schema(client, model):
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "count": {"type": "integer", "minimum": 0, "maximum": 9}},
        "required": ["mood", "count"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model=model,
        messages=HELLO,
        max_tokens=60,
        response_format={"type": "json_schema", "json_schema": {"name": "mood", "schema": schema, "strict": True}},
    )
    value = json.loads(answer.choices[0].message.content)
    assert value["mood"] in ("good", "bad")
    assert 0 <= value["count"] <= 9


def test_stop_texts_end_an_answer_and_are_not_in_it(client, model):
    said = client.chat.completions.create(model=model, messages=HELLO, max_tokens=24).choices[0].message.content
    stop = said[5:8]
    answer = client.chat.completions.create(model=model, messages=HELLO, max_tokens=24, stop=[stop]).choices[0]
    assert answer.message.content == said[: said.index(stop)]
    assert answer.finish_reason == "stop"


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"extra_body": {"audio": {}}}, "audio"),
        ({"extra_body": {"grammar": "root ::= x"}}, "grammar"),
        ({"temperature": 3}, "temperature"),
        ({"n": 0}, "n"),
        ({"extra_body": {"messages": []}}, "messages"),
        (
            {"extra_body": {"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]}},
            "messages.0.tool_call_id",
        ),
        ({"logit_bias": {"a": 1}}, "logit_bias"),
        (
            {"extra_body": {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}},
            "messages.0.content.0.type",
        ),
        ({"extra_body": {"tools": [{"type": "function", "function": {}}]}}, "tools.0.function.name"),
    ],
)
def test_what_is_wrong_is_named(client, model, wishes, field):
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=HELLO, **wishes)
    assert caught.value.param == field
    assert caught.value.type == "invalid_request_error"


def test_too_long_a_conversation_is_an_exact_error(client, model):
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "word " * 3000}])
    assert caught.value.code == "context_length_exceeded"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(model="nobody", messages=HELLO)
    assert caught.value.code == "model_not_found"


def test_a_call_that_is_cut_off_ends_for_its_length(client, model):
    answer = client.chat.completions.create(
        model=model, messages=HELLO, tools=[WEATHER], tool_choice="required", max_tokens=6
    ).choices[0]
    assert answer.finish_reason == "length"
    assert answer.message.tool_calls is None
