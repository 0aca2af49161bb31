"""Every foreign form is read as our messages, and what is wrong with a line is told in its own words."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import PAIRS, ROWS, write_lines

from demiurgic.errors import UserError
from demiurgic.messages import Assistant, Message, System, Tool, ToolCall, ToolResult, User
from demiurgic_training.files import BadLine
from demiurgic_training.formats import FORMS, read_any, read_conversations, read_file, reader_of
from demiurgic_training.rows import Pair, Row, asked, pair_to_json, row_to_json

CALLED: tuple[Message, ...] = (
    User("weather?"),
    Assistant("I look.", calls=(ToolCall("call-1", "weather", {"city": "Bonn"}),)),
    ToolResult("call-1", "weather", '{"sun": true}'),
    Assistant("Sunny."),
)
TOOL = {"type": "function", "function": {"name": "weather", "description": "tells", "parameters": {"type": "object"}}}
BARE = TOOL["function"]
TOOLS = (Tool("weather", "tells", {"type": "object"}),)
LINES = {
    "alpaca": (
        {"instruction": "add", "input": "1 2", "output": "3", "system": "s", "history": [["a", "b"]]},
        Row((System("s"), User("a"), Assistant("b"), User("add\n1 2"), Assistant("3"))),
    ),
    "sharegpt": (
        {
            "conversations": [
                {"from": "human", "value": "weather?"},
                {"from": "gpt", "value": "I look."},
                {"from": "function_call", "value": '{"name": "weather", "arguments": {"city": "Bonn"}}'},
                {"from": "observation", "value": '{"sun": true}'},
                {"from": "gpt", "value": "Sunny."},
            ],
            "tools": f"[{str(BARE).replace(chr(39), chr(34))}]",
        },
        Row(CALLED, TOOLS),
    ),
    "openai": (
        {
            "messages": [
                {"role": "developer", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "1"},
                {"role": "assistant", "content": None, "refusal": "no"},
            ],
            "functions": [BARE],
        },
        Row(
            (
                System("s"),
                User("ab"),
                Assistant(calls=(ToolCall("f", "f", {}),)),
                ToolResult("f", "f", "1"),
                Assistant("no"),
            ),
            TOOLS,
        ),
    ),
    "chatglm3": (
        {
            "tools": [BARE],
            "conversations": [
                {"role": "user", "content": "weather?"},
                {"role": "assistant", "content": "I look."},
                {"role": "tool", "name": "weather", "parameters": {"city": "Bonn"}, "observation": {"sun": True}},
                {"role": "assistant", "content": "Sunny."},
            ],
        },
        Row(CALLED, TOOLS),
    ),
    "glm4": (
        {
            "messages": [
                {"role": "system", "content": "", "tools": [TOOL]},
                {"role": "user", "content": "weather?"},
                {"role": "assistant", "content": "I look."},
                {"role": "assistant", "metadata": "weather", "content": '{"city": "Bonn"}'},
                {"role": "observation", "content": '{"sun": true}'},
                {"role": "assistant", "content": "Sunny."},
            ]
        },
        Row(CALLED, TOOLS),
    ),
    "completion": ({"prompt": "a", "completion": "b", "system": "s"}, asked("a", "b", "s")),
    "pairs": (
        {"prompt": "a", "chosen": "b", "rejected": "c", "confidence": 7},
        Pair((User("a"),), Assistant("b"), Assistant("c"), {"confidence": 7}),
    ),
}


@pytest.mark.parametrize("form", LINES)
def test_each_form_is_read_by_its_name_and_without_it(form: str):
    line, meant = LINES[form]
    assert reader_of(form)(line) == meant
    assert read_any(line) == meant


def test_every_form_is_tried_here():
    assert set(LINES) == set(FORMS)


@pytest.mark.parametrize(
    "said", ['weather\n{"city": "Bonn"}', '{"name": "weather", "arguments": {"city": "Bonn"}}'], ids=["line", "json"]
)
def test_glm4_calls_are_understood_as_models_write_them(said: str):
    turns = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": said},
        {"role": "observation", "content": "x"},
    ]
    row = read_any({"messages": turns})
    assert isinstance(row, Row)
    assert row.messages[1] == Assistant(calls=(ToolCall("call-1", "weather", {"city": "Bonn"}),))


def test_results_belong_to_calls_in_their_order():
    turns = [
        ("human", "?"),
        ("function_call", '{"name": "f", "arguments": {}}'),
        ("function_call", '{"name": "g", "arguments": "{}"}'),
        ("observation", "of f"),
        ("observation", "of g"),
    ]
    row = read_any({"conversations": [{"from": who, "value": said} for who, said in turns]})
    assert isinstance(row, Row)
    assert row.messages[1:] == (
        Assistant(calls=(ToolCall("call-1", "f", {}), ToolCall("call-2", "g", {}))),
        ToolResult("call-1", "f", "of f"),
        ToolResult("call-2", "g", "of g"),
    )


@given(ROWS)
def test_our_own_rows_are_a_known_form(row: Row):
    assert read_any(row_to_json(row)) == row


@given(PAIRS)
def test_our_own_pairs_are_a_known_form(pair: Pair):
    assert read_any(pair_to_json(pair)) == pair


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ({"query": "a", "response": "b"}, asked("a", "b")),
        ({"question": "a", "answer": "b", "page": "p"}, asked("a", "b", meta={"page": "p"})),
        (
            {
                "prompt": [{"role": "user", "content": "a"}],
                "completion": [{"role": "assistant", "content": "b"}],
            },
            asked("a", "b"),
        ),
        (
            {
                "chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                "rejected": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}],
            },
            Pair((User("a"),), Assistant("b"), Assistant("c")),
        ),
        (
            {"prompt": "a", "chosen": {"role": "assistant", "content": "b"}, "rejected": "c"},
            Pair((User("a"),), Assistant("b"), Assistant("c")),
        ),
    ],
)
def test_other_spellings_are_understood(line, meant):
    assert read_any(line) == meant


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"text": "a", "n": 1}, "of no known form; its fields are n, text"),
        ({"instruction": 1, "output": "b"}, "'instruction' is int instead of str"),
        ({"instruction": "a", "output": "b", "history": [["only"]]}, "'history' is no list"),
        ({"conversations": [{"from": "ghost", "value": "boo"}]}, "'ghost' says something"),
        ({"conversations": [{"from": "observation", "value": "x"}]}, "nothing was called before it"),
        ({"conversations": [{"from": "function_call", "value": "x"}]}, "no JSON with a name"),
        ({"conversations": [{"role": "tool", "name": "x"}]}, "a tool's turn has"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "'image_url' is no text"),
        (
            {"messages": [{"role": "assistant", "content": "no call"}, {"role": "observation", "content": ""}]},
            "what stands before it is no call",
        ),
        ({"prompt": "a", "chosen": [{"role": "user", "content": ""}], "rejected": "b"}, "'chosen' is not one message"),
        ({"chosen": "a", "rejected": "b"}, "'prompt' is missing"),
        ({"prompt": "a", "completion": None, "response": 3}, "'response' is int"),
    ],
)
def test_what_is_wrong_is_told(line, reason: str):
    with pytest.raises(ValueError, match=reason):
        read_any(line)


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["from", "value", "role", "content", "name", "arguments", "tools"]), inner)
    ),
    max_leaves=8,
)
FIELDS = sorted({name for line, _ in LINES.values() for name in line} | {"query", "answer", "meta"})


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
@settings(max_examples=500)
def test_no_line_is_worse_than_a_bad_one(line):
    for reader in (read_any, *(form.read for form in FORMS.values())):
        try:
            reader(line)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - either is right


def test_a_file_may_mix_forms_and_a_pair_is_no_conversation(tmp_path: Path):
    path = write_lines(tmp_path / "mixed.jsonl", [line for line, _ in LINES.values()])
    assert list(read_file(path)) == [meant for _, meant in LINES.values()]
    *rows, bad = read_conversations(path)
    assert rows == [meant for _, meant in LINES.values() if isinstance(meant, Row)]
    assert isinstance(bad, BadLine)
    assert "pair" in bad.reason


def test_a_form_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="there is no form 'vicuna'"):
        read_file(write_lines(tmp_path / "x.jsonl", []), "vicuna")
