"""Rows in files: what is written comes back, and a line that is none says where it stands and ends nothing."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import PAIRS, ROWS, talk, write_lines, write_rows
from support.stream_values import MESSAGES

from demiurgic.errors import UserError
from demiurgic.messages import Assistant, System, Tool, ToolCall, ToolResult, User
from demiurgic.messages_json import NoMessage, read_conversation, read_message, read_tools, write_message
from demiurgic_training.files import BadLine, line_of, raw_lines, read_rows, write_items, writing
from demiurgic_training.formats import pairs, read_file
from demiurgic_training.rows import Pair, Row, row_from_json, row_to_json


@given(MESSAGES)
def test_every_message_comes_back(message):
    assert read_message(json.loads(json.dumps(write_message(message)))) == message


@given(ROWS)
def test_every_row_comes_back(row: Row):
    assert row_from_json(json.loads(line_of(row))) == row


@given(PAIRS)
def test_every_pair_comes_back(pair: Pair):
    assert pairs.read(json.loads(line_of(pair))) == pair


@given(st.lists(ROWS, max_size=4))
@settings(max_examples=30)
def test_every_file_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    assert write_items(path, rows) == len(rows)
    assert list(read_rows(path)) == rows


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and line.strip()), max_size=6))
@settings(max_examples=200)
def test_no_bytes_stop_the_reading(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    good = talk(1)
    path.write_bytes(line_of(good) + b"".join(line + b"\n" for line in lines) + line_of(good))
    first, *bad, last = read_rows(path)
    assert (first, last) == (good, good)
    assert [each.line for each in bad] == list(range(2, 2 + len(lines)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["messages", "tools", "meta", "prompt", "chosen", "other"]), JSON))
@settings(max_examples=300)
def test_no_object_is_more_than_a_bad_line(value):
    for reader in (row_from_json, pairs.read):
        try:
            reader(value)
        except NoMessage as error:
            assert str(error)  # noqa: PT017 - either is right


def test_bad_lines_say_file_line_and_reason(tmp_path: Path):
    path = write_lines(
        tmp_path / "rows.jsonl",
        [
            row_to_json(talk(1)),
            "\n",
            "{\n",
            [1],
            {"messages": []},
            {"messages": [{"role": "user", "content": 5}]},
            {"messages": [{"role": "queen", "content": ""}]},
            {"messages": [{"role": "user", "content": "?"}], "meta": []},
            row_to_json(talk(2)),
        ],
    )
    rows = list(read_rows(path))
    assert [row for row in rows if isinstance(row, Row)] == [talk(1), talk(2)]
    bad = [row for row in rows if isinstance(row, BadLine)]
    assert [each.line for each in bad] == [3, 4, 5, 6, 7, 8]
    assert str(bad[0]).startswith(f"{path}, line 3: no JSON object")
    assert [each.reason for each in bad[2:]] == [
        "'messages' is empty",
        "message 1: 'content' is int instead of text",
        "message 1: the role 'queen' is none of system, user, assistant, tool",
        "'meta' is list instead of an object",
    ]


def test_a_line_that_is_no_utf8_spoils_no_other(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(line_of(talk(1)) + b'{"messages": "\xff\xfe"}\n' + line_of(talk(2)).rstrip(b"\n"))
    first, bad, last = read_rows(path)
    assert (first, last) == (talk(1), talk(2))
    assert isinstance(bad, BadLine)


def test_what_apis_write_is_understood():
    call = {"id": "1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a"}'}}
    said = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "text"},
    ]
    assert read_conversation(said) == (
        Assistant(calls=(ToolCall("1", "read", {"path": "a"}),)),
        ToolResult("1", "read", "text"),
    )
    assert read_tools([{"name": "read"}]) == (Tool("read", "", {}),)
    with pytest.raises(NoMessage, match="'content' is missing"):
        read_message({"role": "assistant", "content": None})


def test_fields_without_a_place_are_known_of_the_row():
    value = {"messages": [{"role": "user", "content": "?"}], "licence": "MIT", "meta": {"source": "here"}}
    assert row_from_json(value).meta == {"licence": "MIT", "source": "here"}


def test_question_and_answer_are_found():
    row = Row((System("s"), User("q"), Assistant("a"), User("r"), Assistant("b")))
    assert (row.question, row.answer) == ("q", "b")
    assert row.noting(page="p").meta == {"page": "p"}
    assert (Row((System("s"),)).question, Row((System("s"),)).answer) == ("", "")


def test_packed_files_and_arrays_are_read(tmp_path: Path):
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(line_of(talk(1)) + line_of(talk(2))))
    assert list(read_rows(packed)) == [talk(1), talk(2)]
    array = tmp_path / "rows.json"
    array.write_text("\ufeff\n" + json.dumps([row_to_json(talk(1)), 7, row_to_json(talk(2))], indent=1))
    first, bad, last = read_rows(array)
    assert (first, last) == (talk(1), talk(2))
    assert isinstance(bad, BadLine)


def test_an_array_that_breaks_off_says_where(tmp_path: Path):
    path = tmp_path / "rows.json"
    path.write_text(f"[\n{json.dumps(row_to_json(talk(1)))},\n{{broken\n")
    first, bad = read_rows(path)
    assert first == talk(1)
    assert isinstance(bad, BadLine)
    assert bad.line == 3
    assert "nothing behind it can be read" in bad.reason


def test_files_that_cannot_be_read_are_refused(tmp_path: Path):
    damaged = tmp_path / "rows.jsonl.gz"
    damaged.write_bytes(gzip.compress(line_of(talk(1)) * 1000)[:-40])
    for path, problem in (
        (tmp_path, "folder"),
        (Path("/dev/zero"), "device"),
        (tmp_path / "none", "there is no file"),
        (damaged, "damaged"),
    ):
        with pytest.raises(UserError, match=problem):
            list(raw_lines(path))


def test_a_file_is_there_as_a_whole_or_as_it_was(tmp_path: Path):
    path = write_rows(tmp_path / "rows.jsonl", [talk(1)])
    with pytest.raises(ZeroDivisionError):
        write_items(path, (talk(1 // left) for left in (1, 0)))
    assert list(read_rows(path)) == [talk(1)]
    assert list(tmp_path.iterdir()) == [path]
    for place in (tmp_path / "none" / "rows.jsonl", path / "rows.jsonl"):
        with pytest.raises(UserError, match="cannot be written"), writing(place):
            pass


def test_pairs_are_read(tmp_path: Path):
    pair = Pair((User("?"),), Assistant("good"), Assistant("bad"), {"confidence": 8})
    path = tmp_path / "pairs.jsonl"
    write_items(path, [pair])
    assert list(read_file(path)) == [pair]
