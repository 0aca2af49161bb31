"""What the items of a conversation mean to a model."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from demiurgic.chat.protocol import Named
from demiurgic.chat.story import Story
from demiurgic.events import Finish, ReplyEnded
from demiurgic.messages import Assistant, System, ToolCall, ToolResult, Usage, User
from demiurgic.templates.protocol import CallRead, Said, Thought
from demiurgic_server.openai.responses_output import Output
from demiurgic_server.openai.responses_reading import conversation_of, options_of, tools_of
from demiurgic_server.openai.responses_wire import ResponseBody
from demiurgic_server.problems import BadField

CALL = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Bonn"}'}
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object"}}


def body(input="Hi", **more):
    return ResponseBody.model_validate({"input": input, **more})


def conversation(*items, **more):
    return conversation_of(body(list(items), **more))


def said(role, *texts):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in texts]}


def thought(*texts):
    content = [{"type": "reasoning_text", "text": text} for text in texts]
    return {"type": "reasoning", "id": "rs", "summary": [], "content": content or None, "encrypted_content": "x"}


def output(call_id="c1", text="Fog"):
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def test_a_text_is_what_the_user_says_under_the_instructions():
    assert conversation_of(body("Hi", instructions="Be brief.")) == [System("Be brief."), User("Hi")]
    assert conversation_of(body("Hi")) == [User("Hi")]


def test_messages_keep_their_roles_and_parts_stand_on_lines_of_their_own():
    assert conversation(
        {"role": "developer", "content": "A"},
        said("system", "B"),
        said("user", "C", "D"),
        said("assistant", "E"),
        said("user", "F"),
    ) == [System("A"), System("B"), User("C\nD"), Assistant("E"), User("F")]


def test_items_of_one_turn_become_one_turn():
    calls = (ToolCall("c1", "weather", {"city": "Bonn"}), ToolCall("c2", "time", {}))
    second = {"type": "function_call", "call_id": "c2", "name": "time", "arguments": ""}
    parts = [{"type": "input_text", "text": "It is"}, {"type": "input_text", "text": "noon"}]
    assert conversation(
        said("user", "Hi"),
        thought("\nSo. "),
        said("assistant", "I look.\n"),
        CALL,
        second,
        output(),
        output("c2", parts),
    ) == [
        User("Hi"),
        Assistant("I look.", "So.", calls),
        ToolResult("c1", "weather", "Fog"),
        ToolResult("c2", "time", "It is\nnoon"),
    ]


def test_a_message_behind_a_message_is_another_turn():
    assert conversation(said("assistant", "A"), said("assistant", "B"), thought("C"), said("assistant", "D")) == [
        Assistant("A"),
        Assistant("B"),
        Assistant("D", "C"),
    ]


def test_thoughts_that_led_to_nothing_and_those_that_are_hidden_are_passed_over():
    assert conversation(said("user", "Hi"), thought("So"), said("user", "Well?")) == [User("Hi"), User("Well?")]
    assert conversation(said("user", "Hi"), thought(), said("assistant", "Yes")) == [User("Hi"), Assistant("Yes")]


CALLED = CallRead("weather", {"city": "Bonn"}, True)
READ = st.one_of(st.builds(Said, st.sampled_from(["a", " b ", "\n"])), st.just(CALLED))


@example([], [Said("a"), CALLED, Said("\n"), CALLED, Said("a")])
@given(st.lists(st.builds(Thought, st.sampled_from(["c", "\n"])), max_size=3), st.lists(READ, max_size=6))
def test_what_came_out_goes_in_again_as_the_same_turn(thoughts, rest):
    """The runtime knows a turn again, and its tokens, only if it is exactly the same."""
    story, written = Story(), Output()
    for event in story.tell([*thoughts, *rest]):
        written.tell(event)
    message = story.message()
    written.tell(ReplyEnded(message, Finish.CALLS if message.calls else Finish.STOP, Usage()))
    items = json.loads(json.dumps(written.items))
    assert conversation(*items) == [message]


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([output()], "input.0.call_id"),
        ([CALL, output("c2")], "input.1.call_id"),
        ([{**CALL, "arguments": "{"}], "input.0.arguments"),
        ([{**CALL, "arguments": r'{"city": "\ud800"}'}], "input.0.arguments"),
        ([{**CALL, "arguments": '{"city": NaN}'}], "input.0.arguments"),
        ([said("user", "Hi"), {**CALL, "arguments": "[]"}], "input.1.arguments"),
    ],
)
def test_items_that_do_not_fit_are_named(items, field):
    with pytest.raises(BadField) as caught:
        conversation(*items)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("wishes", "read"),
    [
        ({}, {"tool_choice": "auto", "parallel_calls": True, "think": True, "answer_schema": None}),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        ({"tool_choice": {"type": "function", "name": "weather"}}, {"tool_choice": Named("weather")}),
        ({"parallel_tool_calls": False}, {"parallel_calls": False}),
        ({"text": {"format": {"type": "text"}}}, {"answer_schema": None}),
        ({"text": {"format": {"type": "json_object"}}}, {"answer_schema": {"type": "object"}}),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "integer"}}}},
            {"answer_schema": {"type": "integer"}},
        ),
        ({"reasoning": {"effort": "minimal"}}, {"think": False}),
        ({"reasoning": {"effort": "high"}}, {"think": True}),
        (
            {"max_output_tokens": 5, "temperature": 1, "top_p": 0.5},
            {"max_tokens": 5, "temperature": 1.0, "top_p": 0.5},
        ),
    ],
)
def test_wishes_reach_the_model(wishes, read):
    options = options_of(body(tools=[WEATHER], **wishes))
    assert {name: getattr(options, name) for name in read} == read


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "name": "time"}}, "tool_choice.name"),
    ],
)
def test_a_call_that_no_tool_takes_cannot_be_wanted(wishes, field):
    with pytest.raises(BadField) as caught:
        options_of(body(**wishes))
    assert caught.value.field == field


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(BadField):
        tools_of(body(tools=[WEATHER, WEATHER]))
    assert [tool.name for tool in tools_of(body(tools=[WEATHER]))] == ["weather"]
