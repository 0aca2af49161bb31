"""What counts as a call, and what the model is told of what does not."""

from typing import Any

import pytest

from demiurgic.chat.call_check import RawCall, check_call, check_schema
from demiurgic.errors import BadSchema
from demiurgic.events import CallRejected
from demiurgic.messages import Tool, ToolCall

PATH = {"type": "object", "properties": {"path": {"type": "string"}, "lines": {"type": "array"}}}


def checked(text: str, schema: dict[str, Any] = PATH) -> ToolCall | CallRejected:
    return check_call(RawCall(0, "c", "read", text), [Tool("read", "", schema)])


@pytest.mark.parametrize(("text", "arguments"), [("", {}), ("{}", {}), (' {"path": "ä"} ', {"path": "ä"})])
def test_good_calls(text: str, arguments: dict[str, Any]) -> None:
    assert checked(text) == ToolCall("c", "read", arguments)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"path": ', "not valid JSON"),
        ('{"path": NaN}', "NaN is not JSON"),
        ("[1]", "one JSON object"),
        ('"path"', "one JSON object"),
        ("[" * 200_000, "not valid JSON"),
        ('{"path": 1}', "path: 1 is not of type 'string'"),
        ('{"path": 1, "lines": 2}', "lines: 2 is not of type 'array'; path: 1"),
    ],
)
def test_bad_calls(text: str, problem: str) -> None:
    rejected = checked(text)
    assert isinstance(rejected, CallRejected)
    assert problem in rejected.problem
    assert rejected.raw == text


def test_nothing_is_fetched_to_check_a_call() -> None:
    with pytest.raises(BadSchema, match="refers to something"):
        checked("{}", {"$ref": "http://127.0.0.1:9/schema.json"})


def test_an_impossible_schema_is_refused_with_its_owner() -> None:
    with pytest.raises(BadSchema, match="the schema of the tool 'read'"):
        check_schema({"type": 5}, "the tool 'read'")
