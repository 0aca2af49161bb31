"""Label and test files: every form that is taken, and what is said of one that is wrong."""

import json
from pathlib import Path

import pytest

from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.evaluation.intents.data import load_rows, sampled
from demiurgic.evaluation.intents.labels import FORMS, Labels, load_labels
from demiurgic.messages import Assistant, System, User

LABELS = Labels(("balance", "transfer"))


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def rows_file(path: Path, *rows: object) -> Path:
    return written(path, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))


@pytest.mark.parametrize(
    ("text", "names", "descriptions"),
    [
        ("balance\n\n  transfer \r\n", ("balance", "transfer"), {}),
        ("\ufeffbalance\ntransfer", ("balance", "transfer"), {}),
        ('["b", "a"]', ("b", "a"), {}),
        ('{"b": "how much is left", "a": ""}', ("b", "a"), {"b": "how much is left"}),
    ],
)
def test_labels_are_read_in_their_order(tmp_path, text, names, descriptions):
    labels = load_labels(written(tmp_path / "labels", text))
    assert (labels.names, labels.descriptions) == (names, descriptions)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\nb\n\na\n", "line 4: the label 'a' was there before"),
        ('["a", "b", "a"]', "entry 3: the label 'a' was there before"),
        ('{"a": "", "b": "", "a": ""}', "entry 3: the label 'a' was there before"),
        ('["a", 2]', "entry 2: a label and its description are text"),
        ('{"a": {"b": "c"}, "d": ""}', "entry 1: a label and its description are text"),
        ('["a", ["b", "c"]]', "entry 2: a label and its description are text"),
        ('["a", "two\\nlines"]', "entry 2: a label"),
        ('["a", ', "is no JSON"),
        ("", "holds 0 labels"),
        ("one\n", "holds 1 labels"),
    ],
)
def test_wrong_labels_are_named(tmp_path, text, problem):
    with pytest.raises(BadEvaluationFile) as raised:
        load_labels(written(tmp_path / "labels", text))
    assert problem in str(raised.value)
    assert str(tmp_path / "labels") in str(raised.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "labels").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadEvaluationFile, match="cannot be read"):
        load_labels(tmp_path / "labels")


def test_an_answer_form_must_hold_the_label(tmp_path):
    with pytest.raises(UserError, match="does not say where the label stands"):
        load_labels(written(tmp_path / "labels", "a\nb"), "intent")


def test_plain_rows_are_asked_with_the_labels_and_what_is_said_of_them(tmp_path):
    labels = Labels(("balance", "transfer"), {"balance": "how much is left"})
    [row] = load_rows(rows_file(tmp_path / "t.jsonl", {"text": "send 5", "label": "transfer"}), labels)
    system, user = row.conversation
    assert isinstance(system, System)
    assert "- balance: how much is left\n- transfer\n" in system.text
    assert (user, row.truth, row.line, row.form) == (User("send 5"), "transfer", 1, "{label}")


def test_conversations_stand_as_they_are_and_their_answer_is_the_truth(tmp_path):
    labels = Labels(("咨询（含查询）业务规定", "办理取消"))
    messages = [
        {"role": "system", "content": "你是分类助手"},
        {"role": "user", "content": "帮我取消"},
        {"role": "assistant", "content": "意图：1:办理取消"},
    ]
    path = rows_file(tmp_path / "t.jsonl", {"messages": messages}, {"conversations": messages[1:]})
    first, second = load_rows(path, labels)
    assert first.conversation == (System("你是分类助手"), User("帮我取消"))
    assert second.conversation == (User("帮我取消"),)
    assert (first.truth, first.form, first.text) == ("办理取消", FORMS[1], "帮我取消")
    assert labels.spelled(first.form) == ("意图：0:咨询（含查询）业务规定", "意图：1:办理取消")


def test_a_form_of_ones_own_is_understood(tmp_path):
    labels = load_labels(written(tmp_path / "labels", "a\nb"), "intent #{index} = {label}!")
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "intent #1 = b!"}]
    [row] = load_rows(rows_file(tmp_path / "t.jsonl", {"messages": messages}), labels)
    assert (row.truth, row.form) == ("b", "intent #{index} = {label}!")


def test_earlier_turns_stay_in_a_conversation(tmp_path):
    turns = [("user", "hi"), ("assistant", "hello"), ("user", "send 5"), ("assistant", "transfer")]
    messages = [{"role": role, "content": text} for role, text in turns]
    [row] = load_rows(rows_file(tmp_path / "t.jsonl", {"messages": messages}), LABELS)
    assert row.conversation == (User("hi"), Assistant("hello"), User("send 5"))
    assert row.text == "send 5"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"text": "x", "label": "refund"}, "'refund' is none of the labels"),
        ({"text": "x"}, "the text 'label' is missing"),
        ({"label": "balance"}, "the text 'text' is missing"),
        ({"text": "x", "label": 1}, "the text 'label' is missing"),
        ({"messages": []}, "a conversation ends with"),
        ({"messages": 5}, "a message has a 'role'"),
        ({"messages": [{"role": "narrator", "content": "x"}]}, "a message has a 'role'"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "a message has a 'role'"),
        ({"messages": [{"role": "user", "content": "x"}]}, "a conversation ends with"),
        ({"messages": [{"role": "assistant", "content": "balance"}]}, "a conversation ends with"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "pay"}]}, "'pay' is none"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path, row, problem):
    path = rows_file(tmp_path / "t.jsonl", {"text": "x", "label": "balance"}, row)
    with pytest.raises(BadEvaluationFile) as raised:
        load_rows(path, LABELS)
    assert f"{path}, line 2: " in str(raised.value)
    assert problem in str(raised.value)


def test_empty_files_and_broken_lines_are_refused(tmp_path):
    with pytest.raises(BadEvaluationFile, match="holds no rows"):
        load_rows(written(tmp_path / "empty", "\n"), LABELS)
    with pytest.raises(BadEvaluationFile, match="line 1 is no JSON"):
        load_rows(written(tmp_path / "broken", "{"), LABELS)


def test_out_of_scope_rows_are_let_in_by_name(tmp_path):
    path = rows_file(tmp_path / "t.jsonl", {"text": "x", "label": "balance"}, {"text": "y", "label": "oos"})
    assert [row.truth for row in load_rows(path, LABELS, "oos")] == ["balance", "oos"]
    with pytest.raises(BadEvaluationFile, match="line 2: 'oos' is none of the labels"):
        load_rows(path, LABELS)
    with pytest.raises(UserError, match="is one of the labels"):
        load_rows(path, LABELS, "balance")
    with pytest.raises(BadEvaluationFile, match="rows of 'oos' only"):
        load_rows(rows_file(tmp_path / "o.jsonl", {"text": "y", "label": "oos"}), LABELS, "oos")


def test_samples_are_the_same_every_time_and_in_order(tmp_path):
    path = rows_file(tmp_path / "t.jsonl", *({"text": str(number), "label": "balance"} for number in range(50)))
    rows = load_rows(path, LABELS)
    some = sampled(rows, 10)
    assert some == sampled(rows, 10)
    assert [row.line for row in some] == sorted({row.line for row in some})
    assert len(some) == 10
    assert some != rows[:10]
    assert sampled(rows, None) == sampled(rows, 99) == rows
