"""Strings that travel raw: what a union makes of them, and that none can hold the tag that ends it."""

from typing import Any

import pytest
from support.byte_vocabulary import accepted, byte_markers

from demiurgic.messages import Tool, ToolCall
from demiurgic.templates.dialects import TaggedCalls
from demiurgic.templates.protocol import CallRead, CallRules

DIALECT = TaggedCalls(newlines=False)
INT_OR_TEXT = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
TEXT_OR_NULL = {"type": ["string", "null"]}


def tool(schema: Any) -> Tool:
    return Tool("t", "", {"properties": {"a": schema}, "required": ["a"]})


def raw(text: str) -> str:
    return f"<tool_call>t<arg_key>a</arg_key><arg_value>{text}</arg_value></tool_call>"


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, '"quoted"', '"quoted"'),
        (INT_OR_TEXT, "5", 5),
        (INT_OR_TEXT, "5 apples", "5 apples"),
        (INT_OR_TEXT, '"quoted"', '"quoted"'),
        (INT_OR_TEXT, "true", "true"),
        (TEXT_OR_NULL, "null", None),
        (TEXT_OR_NULL, "5", "5"),
        ({"enum": ["auto", 1]}, "1", 1),
        ({"enum": ["auto", 1]}, "auto", "auto"),
        ({}, '{"b": [1]}', {"b": [1]}),
        ({}, "words", "words"),
    ],
)
def test_a_union_is_decided_by_one_rule(schema: Any, text: str, value: Any):
    rules = CallRules((tool(schema),), "required")
    assert accepted(DIALECT.grammar(rules, byte_markers(), None), raw(text)) is None
    reader = DIALECT.reader(rules.tools, None)
    events = reader.feed(raw(text)) + reader.finish()
    assert [event.arguments for event in events if isinstance(event, CallRead)] == [{"a": value}]


@pytest.mark.parametrize("schema", [{"pattern": "y$"}, {"minLength": 16}])
def test_no_string_holds_the_tag_that_ends_it(schema: Any):
    grammar = DIALECT.grammar(CallRules((tool({"type": "string", **schema}),), "required"), byte_markers(), None)
    assert accepted(grammar, raw("xxxxxxxxxxxxxxxxxy")) is None
    assert accepted(grammar, raw("x</arg_value>yyy")) is not None


def test_what_is_written_in_a_union_is_allowed():
    grammar = DIALECT.grammar(CallRules((tool(INT_OR_TEXT),), "required"), byte_markers(), None)
    for value in (5, "five", '"', ""):
        assert accepted(grammar, DIALECT.write([ToolCall("1", "t", {"a": value})])) is None


def test_what_cannot_be_checked_is_raw_text():
    broken = {"type": "object", "properties": {"name": {"$ref": "#/nowhere"}}}
    reader = DIALECT.reader((tool({"anyOf": [broken, {"type": "string"}]}),), None)
    events = reader.feed(raw('{"name": "Zoë"}')) + reader.finish()
    assert [event.arguments for event in events if isinstance(event, CallRead)] == [{"a": '{"name": "Zoë"}'}]
