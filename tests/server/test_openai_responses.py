"""Responses through OpenAI's own client, from a real server."""

import json

import pytest
from openai import BadRequestError, InternalServerError, NotFoundError, OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, Field
from support.fake_providers import Answer, Ending, FakeProvider, openai_answer, openai_call, openai_piece
from support.sdk_shapes import strictly
from support.serving import served

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 10}, "days": {"type": "integer"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": False,
}
TIME = {"type": "function", "name": "time", "parameters": {"type": "object", "properties": {}}, "strict": None}
HELLO = "Say hello."


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 1024, "--parallel", 4) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def model(client):
    return client.models.list().data[0].id


def posted(server, **body):
    """The response, which is all that the SDK's type wants."""
    with server.client() as client:
        answer = client.post("/v1/responses", json=body)
    assert answer.status_code == 200, answer.text
    return strictly(Response, answer.json(), besides={"store"})


def streamed(server, **body):
    """All events, each of which is what the SDK's types want, in their order."""
    with server.client() as client, client.stream("POST", "/v1/responses", json=body | {"stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line and not line.startswith(":")]
    names, values = lines[::2], [json.loads(line.removeprefix("data: ")) for line in lines[1::2]]
    assert names == [f"event: {value['type']}" for value in values]
    assert [value["sequence_number"] for value in values] == list(range(len(values)))
    return [strictly(ResponseStreamEvent, value, besides={"store"}) for value in values]


def lasting(response):
    """What is the same in every response to the same request."""
    own = {"id", "created_at", "completed_at", "call_id", "item_id"}

    def without(value):
        if isinstance(value, dict):
            return {name: without(inner) for name, inner in value.items() if name not in own}
        return [without(inner) for inner in value] if isinstance(value, list) else value

    told = without(response.to_dict())
    told["usage"].pop("input_tokens_details")
    return told


def test_a_text_is_answered_and_all_that_was_asked_for_is_repeated(server, model):
    wishes = {
        "instructions": "Be brief.",
        "max_output_tokens": 200,
        "max_tool_calls": 3,
        "temperature": 0,
        "top_p": 0.9,
        "metadata": {"of": "me"},
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "reasoning": {"effort": "low", "summary": "auto"},
        "tools": [WEATHER, TIME],
        "tool_choice": "none",
        "parallel_tool_calls": False,
        "truncation": "disabled",
        "service_tier": "auto",
        "include": ["reasoning.encrypted_content"],
        "background": False,
        "store": True,
        "previous_response_id": None,
    }
    response = posted(server, model=model, input=HELLO, **wishes)
    assert (response.status, response.error, response.incomplete_details) == ("completed", None, None)
    assert [item.type for item in response.output] == ["message"]
    assert response.output_text
    told = response.to_dict()
    same = wishes.keys() - {"tools", "reasoning", "service_tier", "store", "include"}
    assert {name: told[name] for name in same} == {name: wishes[name] for name in same}
    assert [(tool.name, tool.parameters, tool.strict) for tool in response.tools] == [
        ("weather", WEATHER["parameters"], False),
        ("time", TIME["parameters"], True),
    ]
    assert (told["store"], response.service_tier, response.reasoning.effort) == (False, "default", "low")
    assert response.completed_at >= response.created_at > 1.7e9
    usage = response.usage
    assert usage.input_tokens + usage.output_tokens == usage.total_tokens
    assert min(usage.input_tokens, usage.output_tokens) > 0


def test_a_response_in_one_piece_is_the_one_that_is_streamed(server, model):
    whole = posted(server, model=model, input=HELLO, max_output_tokens=16)
    events = streamed(server, model=model, input=HELLO, max_output_tokens=16)
    assert lasting(events[-1].response) == lasting(whole)
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert deltas == whole.output_text != ""
    assert (events[-1].type, whole.status) == (f"response.{whole.status}", "incomplete")
    assert whole.incomplete_details.reason == "max_output_tokens"
    assert [item.status for item in whole.output] == ["incomplete"]
    assert whole.usage.output_tokens == 16


def test_a_stream_begins_and_ends_as_the_clients_know_it(server, model):
    events = streamed(server, model=model, input=HELLO, max_output_tokens=16)
    types = [event.type.removeprefix("response.") for event in events]
    assert types[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert set(types[4:-4]) == {"output_text.delta"}
    assert types[-4:] == ["output_text.done", "content_part.done", "output_item.done", "incomplete"]
    assert events[0].response.status == events[1].response.status == "in_progress"
    assert events[0].response.output == []
    assert len({event.response.id for event in (*events[:2], events[-1])}) == 1


def test_the_clients_own_stream_ends_with_what_it_showed(client, model):
    with client.responses.stream(model=model, input=HELLO, max_output_tokens=200) as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        response = stream.get_final_response()
    assert response.status == "completed"
    assert snapshots[-1] == response.output_text != ""


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("choice", "names"),
    [("required", {"weather", "time"}), ({"type": "function", "name": "weather"}, {"weather"})],
)
def test_a_call_that_must_be_made_is_made(server, client, model, choice, names, streams):
    wishes = {"model": model, "input": HELLO, "tools": [WEATHER, TIME], "tool_choice": choice}
    if streams:
        response = streamed(server, **wishes, max_output_tokens=80)[-1].response
        with client.responses.stream(**wishes, max_output_tokens=80) as stream:
            snapshots = [event.snapshot for event in stream if event.type.endswith("arguments.delta")]
            [call] = stream.get_final_response().output
            assert snapshots[-1] == call.arguments
    else:
        response = posted(server, **wishes, max_output_tokens=80)
    assert response.status == "completed"
    for call in response.output:
        assert (call.type, call.status) == ("function_call", "completed")
        assert call.name in names
        if call.name == "weather":
            assert isinstance(json.loads(call.arguments)["city"], str)


def test_a_conversation_goes_on_over_three_turns_of_calls(client, model):
    said = [{"role": "user", "content": HELLO}]
    for turn in range(3):
        response = client.responses.create(
            model=model, input=said, tools=[WEATHER], tool_choice="required", max_output_tokens=80
        )
        said += response.output
        calls = [item for item in response.output if item.type == "function_call"]
        assert calls
        said += [
            {"type": "function_call_output", "call_id": call.call_id, "output": f"{turn} degrees"} for call in calls
        ]
    last = client.responses.create(model=model, input=said, tools=[WEATHER], tool_choice="none", max_output_tokens=8)
    assert {item.type for item in last.output} == {"message"}
    assert last.usage.input_tokens_details.cached_tokens > last.usage.input_tokens - 60


class Mood(BaseModel):
    good: bool
    count: int = Field(ge=0, le=9)


def test_an_answer_satisfies_its_schema(client, model):
    response = client.responses.parse(model=model, input=HELLO, text_format=Mood, max_output_tokens=60)
    assert isinstance(response.output_parsed, Mood)
    assert response.text.format.name == "Mood"
    answer = client.responses.create(
        model=model, input=HELLO, text={"format": {"type": "json_object"}}, max_output_tokens=200, temperature=0
    )
    assert answer.status == "incomplete" or isinstance(json.loads(answer.output_text), dict)
    assert answer.output_text.lstrip().startswith("{")


def test_a_call_that_the_limit_cuts_off_is_not_told(server, model):
    wishes = {"model": model, "input": HELLO, "tools": [WEATHER], "tool_choice": "required", "max_output_tokens": 8}
    response = posted(server, **wishes)
    assert (response.status, response.output) == ("incomplete", [])
    assert [event.type for event in streamed(server, **wishes)] == [
        "response.created",
        "response.in_progress",
        "response.incomplete",
    ]


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"truncation": "auto"}, "truncation"),
        ({"tools": [WEATHER, {"type": "web_search"}]}, "tools.1.type"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["v"]}]}, "tools.0.type"),
        ({"tools": [{"type": "code_interpreter", "container": "c"}]}, "tools.0.type"),
        ({"tools": [{**WEATHER, "name": "a b"}]}, "tools.0.name"),
        ({"tools": [WEATHER, WEATHER]}, "tools"),
        ({"tools": [WEATHER], "tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"tools": [WEATHER], "tool_choice": "perhaps"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "name": "time"}}, "tool_choice.name"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"include": ["message.output_text.logprobs"]}, "include.0"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"reasoning": {"summary": "detailed"}}, "reasoning.summary"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"temperature": 3}, "temperature"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"extra_body": {"grammar": "root ::= x"}}, "grammar"),
        ({"input": []}, "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input.0.type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input.0.role"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
            "input.0.content.0.type",
        ),
        ({"input": [{"type": "function_call_output", "call_id": "x", "output": "y"}]}, "input.0.call_id"),
    ],
)
def test_what_is_wrong_is_named(client, model, wishes, field):
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(**{"model": model, "input": HELLO, **wishes})
    assert caught.value.param == field
    assert caught.value.type == "invalid_request_error"


def test_built_in_tools_are_refused_by_their_names(client, model):
    with pytest.raises(BadRequestError, match="'web_search' is not supported here"):
        client.responses.create(model=model, input=HELLO, tools=[{"type": "web_search"}])


@pytest.mark.parametrize("streams", [False, True])
def test_what_cannot_begin_is_an_error_and_no_stream(client, model, streams):
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model=model, input="word " * 3000, stream=streams)
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(NotFoundError) as caught:
        client.responses.create(model="nobody", input=HELLO, stream=streams)
    assert caught.value.code == "model_not_found"


def test_no_response_is_kept(client, model):
    response = client.responses.create(model=model, input=HELLO, max_output_tokens=1)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(response.id)


THOUGHTFUL = openai_answer(
    {"role": "assistant", "reasoning_content": "It wants "},
    {"reasoning_content": "the weather."},
    {"content": "I "},
    {"content": "look."},
    *openai_call("weather", '{"city": ', '"Bonn"}'),
    finish="tool_calls",
)
WRONG_CALL = openai_answer(*openai_call("weather", '{"days": 1}'), finish="tool_calls")
BROKEN_OFF = Answer((openai_piece({"role": "assistant", "content": "I l"}),), ending=Ending.DROPPED)


def test_reasoning_text_and_call_of_one_reply_are_items_of_their_own_and_go_back_as_one_turn(tmp_path):
    with (
        FakeProvider(THOUGHTFUL, THOUGHTFUL, THOUGHTFUL) as provider,
        served(tmp_path, f"{provider.url}/v1#m") as server,
    ):
        whole = posted(server, model="m", input=HELLO, tools=[WEATHER])
        events = streamed(server, model="m", input=HELLO, tools=[WEATHER])
        reasoning, message, call = whole.output
        assert (reasoning.content[0].text, reasoning.summary) == ("It wants the weather.", [])
        assert (message.content[0].text, call.name, call.call_id) == ("I look.", "weather", "call_1")
        assert lasting(events[-1].response) == lasting(whole)
        done = [event.item for event in events if event.type == "response.output_item.done"]
        assert done == events[-1].response.output
        thought = [event.delta for event in events if event.type == "response.reasoning_text.delta"]
        assert thought == ["It wants ", "the weather."]
        items = [item.to_dict() for item in whole.output]
        answer = {"type": "function_call_output", "call_id": "call_1", "output": "Fog"}
        posted(server, model="m", input=[{"role": "user", "content": HELLO}, *items, answer], tools=[WEATHER])
    user, assistant, tool = provider.asked[-1]["messages"]
    assert (user["content"], tool["content"]) == (HELLO, "Fog")
    assert assistant["content"] == "I look."
    assert [each["function"]["name"] for each in assistant["tool_calls"]] == ["weather"]


@pytest.mark.parametrize(
    ("reply", "told", "output"),
    [
        (BROKEN_OFF, ["output_text.done", "content_part.done", "output_item.done"], [("I l", "incomplete")]),
        (WRONG_CALL, ["created", "in_progress"], []),
    ],
)
def test_a_reply_that_fails_is_a_failed_response_or_an_error(tmp_path, reply, told, output):
    with FakeProvider(*[reply] * 2) as provider, served(tmp_path, f"{provider.url}/v1#m") as server:
        events = streamed(server, model="m", input=HELLO, tools=[WEATHER])
        with (
            OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
            pytest.raises(InternalServerError),
        ):
            client.responses.create(model="m", input=HELLO, tools=[WEATHER])
    types = [event.type.removeprefix("response.") for event in events]
    assert types[-len(told) - 1 :] == [*told, "failed"]
    response = events[-1].response
    assert (response.status, response.error.code) == ("failed", "server_error")
    assert [(item.content[0].text, item.status) for item in response.output] == output


def test_a_server_that_is_stopped_ends_its_streams_with_a_failed_response(tmp_path):
    hanging = Answer(BROKEN_OFF.pieces, ending=Ending.HANGING)
    with (
        FakeProvider(hanging) as provider,
        served(tmp_path, f"{provider.url}/v1#m") as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
    ):
        stream = client.responses.create(model="m", input=HELLO, stream=True)
        for event in stream:
            if event.type == "response.output_text.delta":
                break
        server.process.terminate()
        assert server.stop() == 0
        last = list(stream)[-1]
    assert last.type == "response.failed"
    assert "stopped" in last.response.error.message
    assert [item.content[0].text for item in last.response.output] == ["I l"]
