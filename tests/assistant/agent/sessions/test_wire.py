"""The one JSON form: everything comes back as it went, strangers' lines are refused with a reason."""

import contextlib
import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stream_values import EVENTS, MESSAGES, VIEWS

from demiurgic.agent.events import AgentEvent, TurnStarted
from demiurgic.agent.sessions import schema
from demiurgic.agent.sessions.values import Mismatch, from_json, to_json
from demiurgic.agent.sessions.wire import event_from_json, event_line, event_to_json
from demiurgic.errors import SessionError
from demiurgic.messages import Assistant, Message, ToolCall
from demiurgic.messages_json import from_line
from demiurgic.tools.protocol import TodoView, View

SCHEMA = Path(__file__).parents[4] / "docs" / "events.schema.json"


@settings(max_examples=400, deadline=None)
@given(EVENTS)
def test_every_event_comes_back(event):
    line = event_line(event)
    assert line.count(b"\n") == 1
    assert event_from_json(from_line(line)) == event


@settings(max_examples=100, deadline=None)
@given(MESSAGES, VIEWS)
def test_every_message_and_view_comes_back(message, view):
    assert from_json(Message, json.loads(json.dumps(to_json(message)))) == message
    assert from_json(View, json.loads(json.dumps(to_json(view)))) == view


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_every_event_keeps_to_the_schema(event):
    jsonschema.Draft202012Validator(schema.schema()).validate(json.loads(event_line(event)))


def test_the_schema_in_the_documents_is_the_one_in_the_code():
    jsonschema.Draft202012Validator.check_schema(schema.schema())
    assert SCHEMA.read_text("utf-8") == schema.text(), (
        "python -m demiurgic.agent.sessions.schema > docs/events.schema.json"
    )


def test_the_schema_knows_every_event():
    assert len(schema.schema()["anyOf"]) == len(get_args(AgentEvent))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema.schema()).validate({"v": 1, "type": "nothing"})


def test_the_form_is_settled():
    """Other programs read this; a change of it is a change of the version."""
    event = {"type": "turn_started", "text": "hé"}
    assert event_line(TurnStarted("hé")) == b'{"v":1,"type":"turn_started","text":"h\xc3\xa9"}\n'
    assert event_to_json(TurnStarted("hé")) == event
    assert to_json(Assistant("a", "b", (ToolCall("1", "f", {"x": [1, None]}),))) == {
        "type": "assistant",
        "text": "a",
        "reasoning": "b",
        "calls": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {"x": [1, None]}}],
    }
    assert to_json(TodoView((("a", "done"),))) == {"type": "todo_view", "items": [["a", "done"]]}


def test_what_newer_versions_add_is_passed_over():
    assert event_from_json({"v": 2, "type": "turn_started", "text": "a", "mood": "good"}) == TurnStarted("a")
    assert from_json(Message, {"type": "assistant", "text": "a"}) == Assistant("a")


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        ({"type": "turn_imagined"}, "no type that is known"),
        ({"type": "turn_started"}, "no text"),
        ({"type": "turn_started", "text": 1}, "int instead of str"),
        ({"type": ["turn_started"]}, "no type that is known"),
        ({}, "no type that is known"),
        ([], "list instead of dict"),
        (None, "NoneType instead of dict"),
        ({"type": "step_started", "number": True}, "bool instead of int"),
        ({"type": "turn_ended", "reason": "tired"}, "'tired' is none of"),
        ({"type": "approval_given", "call_id": "1", "answer": {"kind": "perhaps"}}, "'perhaps' is none of"),
        ({"type": "tool_finished", "call_id": "1", "name": "f", "text": "", "failed": "no"}, "str instead of bool"),
        ({"type": "tool_started", "call": {"id": "1", "name": "f", "arguments": []}, "view": {}}, "list instead of"),
    ],
)
def test_what_cannot_be_understood_is_refused(held, problem: str):
    with pytest.raises(SessionError, match=problem):
        event_from_json(held)


def test_a_newer_type_names_the_remedy():
    with pytest.raises(SessionError) as refused:
        event_from_json({"v": 2, "type": "turn_imagined"})
    assert "update" in refused.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.data())
def test_damaged_events_are_events_or_errors(event, data):
    held = json.loads(event_line(event))
    spot, key = held, data.draw(st.sampled_from(sorted(held)))
    while isinstance(spot[key], dict) and spot[key] and data.draw(st.booleans()):
        spot = spot[key]
        key = data.draw(st.sampled_from(sorted(spot)))
    spot[key] = data.draw(JSON)
    with contextlib.suppress(SessionError):
        assert isinstance(event_from_json(held), get_args(AgentEvent))


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_is_an_event_or_an_error(held):
    with pytest.raises(SessionError):
        event_from_json(held)
    for kind in (Message, View):
        with pytest.raises(Mismatch):
            from_json(kind, held)
