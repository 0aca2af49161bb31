"""Schemas that cannot be enforced are refused by name, and schemas are data whatever they hold."""

from typing import Any

import pytest
from support.byte_vocabulary import accepted, byte_markers

from demiurgic.errors import BadSchema, UnsupportedRequest
from demiurgic.messages import Tool, ToolCall
from demiurgic.templates.dialects import ChatGlm3Calls, Glm4Calls, Hermes, Llama3Calls, TaggedCalls, answer_grammar
from demiurgic.templates.protocol import CallRead, CallRules, Dialect, Reasoning

DIALECTS: list[Dialect] = [
    Hermes(),
    Glm4Calls(),
    TaggedCalls(newlines=False),
    TaggedCalls(newlines=True),
    ChatGlm3Calls(),
    Llama3Calls(),
]
each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=repr)


def one(schema: Any, name: str = "tool") -> CallRules:
    return CallRules((Tool("good", "", {}), Tool(name, "", schema)), "required")


@each_dialect
@pytest.mark.parametrize(
    ("property_schema", "keyword"),
    [
        ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, "uniqueItems"),
        ({"type": "object", "if": {"required": ["a"]}}, "if"),
        ({"type": "string", "pattern": "(?=x)y"}, "look-ahead"),
        ({"type": "string", "pattern": "a["}, ""),
        ({"$ref": "#/$defs/none"}, "none"),
        ({"$ref": "https://example.org/schema.json"}, "example.org"),
        ({"type": "word"}, "word"),
        ({"type": "string", "minLength": -1}, "minLength"),
    ],
)
def test_what_cannot_be_enforced_is_named(dialect: Dialect, property_schema: Any, keyword: str):
    rules = one({"properties": {"a": property_schema}, "required": ["a"]})
    with pytest.raises(BadSchema) as caught:
        dialect.grammar(rules, byte_markers(), None)
    assert "tool" in caught.value.args[0]
    assert keyword in caught.value.args[0]


@each_dialect
def test_arguments_must_be_an_object(dialect: Dialect):
    with pytest.raises(BadSchema, match="`type`"):
        dialect.grammar(one({"type": "string"}), byte_markers(), None)


@each_dialect
def test_a_required_call_needs_a_tool(dialect: Dialect):
    with pytest.raises(UnsupportedRequest):
        dialect.grammar(CallRules((), "required"), byte_markers(), None)


HOSTILE = ['q"uote', "sl/ash", "back\\slash", "a b", "<[0]>", "r0", "%json {}", "é😀", "[x]", "${y}", "#z", "in", "*"]


@each_dialect
@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_values_are_data(dialect: Dialect, name: str):
    properties = {
        name: {"enum": [name, "other"]},
        "key2": {"const": name},
        "key3": {"type": "string", "title": name, "description": name + "\n" + name},
    }
    tool = Tool(name, name, {"properties": properties, "required": list(properties)})
    arguments = {name: name, "key2": name, "key3": name + "\n" + name}
    text = dialect.write([ToolCall("1", name, arguments)])
    for choice in ("auto", "required"):
        grammar = dialect.grammar(CallRules((tool,), choice), byte_markers(), None)
        assert accepted(grammar, text) is None
        assert accepted(grammar, text.replace("key2", "key4")) is not None or choice == "auto"
    reader = dialect.reader((tool,), None)
    read = [event for event in reader.feed(text) + reader.finish() if isinstance(event, CallRead)]
    assert read == [CallRead(name, arguments)]


@pytest.mark.parametrize("dialect", [DIALECTS[0], DIALECTS[1], DIALECTS[4], DIALECTS[5]], ids=repr)
def test_quoted_dialects_write_any_property_name(dialect: Dialect):
    tool = Tool("t", "", {"properties": {'a"\nb': {"type": "integer"}}, "required": ['a"\nb']})
    call = ToolCall("1", "t", {'a"\nb': 3})
    assert (
        accepted(dialect.grammar(CallRules((tool,), "required"), byte_markers(), None), dialect.write([call])) is None
    )


@pytest.mark.parametrize("newlines", [True, False])
def test_raw_dialects_refuse_names_that_they_cannot_write(newlines: bool):
    for key in ("a\nb", "a</arg_key>b", " a", ""):
        with pytest.raises(BadSchema, match="name"):
            TaggedCalls(newlines).grammar(one({"properties": {key: {}}}), byte_markers(), None)


@each_dialect
def test_keywords_that_only_note_something_do_not_matter(dialect: Dialect):
    notes = {"title": "T", "default": "x", "examples": ["y"], "format": "path", "x-order": 1, "deprecated": True}
    tool = Tool(
        "t",
        "",
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": {"a": {"type": "string", **notes}},
            "required": ["a"],
        },
    )
    text = dialect.write([ToolCall("1", "t", {"a": "b"})])
    assert accepted(dialect.grammar(CallRules((tool,), "required"), byte_markers(), None), text) is None


@pytest.mark.parametrize("dialect", DIALECTS[:4] + DIALECTS[5:], ids=repr)
def test_a_schema_may_refer_to_itself(dialect: Dialect):
    tree = {"type": "object", "properties": {"sub": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
    tool = Tool(
        "t", "", {"properties": {"tree": {"$ref": "#/$defs/tree"}}, "required": ["tree"], "$defs": {"tree": tree}}
    )
    text = dialect.write([ToolCall("1", "t", {"tree": {"sub": [{}, {"sub": []}]}})])
    assert accepted(dialect.grammar(CallRules((tool,), "required"), byte_markers(), None), text) is None


def test_an_answer_is_json_after_any_reasoning():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    plain = answer_grammar(schema, byte_markers(), None)
    assert accepted(plain, '{"a": 1}') is None
    assert accepted(plain, '{"a": "1"}') is not None
    assert accepted(plain, "Sure") == ""
    for specials in ((), ("<think>", "</think>")):
        thinking = answer_grammar(schema, byte_markers(specials), Reasoning("<think>", "</think>"))
        assert accepted(thinking, '<think>\nhm {\n</think>\n\n{"a": 1}', specials) is None
        assert accepted(thinking, '{"a": 1}', specials) is None
        prefilled = answer_grammar(schema, byte_markers(specials), Reasoning("<think>", "</think>", prefilled=True))
        assert accepted(prefilled, 'hm</think>{"a": 1}', specials) is None
        assert accepted(prefilled, '{"a": 1}', specials) is not None


def test_an_answer_schema_that_cannot_be_enforced_is_refused():
    with pytest.raises(BadSchema, match="not"):
        answer_grammar({"not": {"type": "null"}}, byte_markers(), None)
    with pytest.raises(BadSchema, match="valid schema"):
        answer_grammar({"type": 5}, byte_markers(), None)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("^a/b$", ["a/b"], ["xa/b", "a/bx"]),
        ("b+", ["b", "abbc"], ["a"]),
        ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
        ("^[^/\\]]+$", ["ab"], ["a/", "]"]),
        ("^\\d{2}\\/x$", ["12/x"], ["1/x"]),
    ],
)
@pytest.mark.parametrize("dialect", [TaggedCalls(newlines=False), ChatGlm3Calls(), Hermes()], ids=repr)
def test_patterns_mean_the_same_everywhere(dialect: Dialect, pattern: str, good: list[str], bad: list[str]):
    tool = Tool("t", "", {"properties": {"a": {"type": "string", "pattern": pattern}}, "required": ["a"]})
    grammar = dialect.grammar(CallRules((tool,), "required"), byte_markers(), None)
    for text in good:
        assert accepted(grammar, dialect.write([ToolCall("1", "t", {"a": text})])) is None, text
    for text in bad:
        assert accepted(grammar, dialect.write([ToolCall("1", "t", {"a": text})])) is not None, text
