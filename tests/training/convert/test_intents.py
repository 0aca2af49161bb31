"""Tables of intents: what becomes of texts and labels, and what is said of those that are wrong."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import data, read_json, refused

from demiurgic.errors import UserError
from demiurgic.evaluation.intents.data import load_rows
from demiurgic.evaluation.intents.labels import load_labels
from demiurgic_training.convert.tables import Record, read_table
from demiurgic_training.files import BadLine

BALANCE, CANCEL = "咨询（含查询）账户信息", "办理取消"


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "data.csv"
    path.write_text(text, encoding, newline="")
    return path


def labels(folder: Path, *lines: str) -> Path:
    path = folder / "labels.txt"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def rows_in(folder: Path) -> list[dict]:
    return [row for name in ("train", "validation", "test") for row in read_json(folder / f"{name}.jsonl")]


def test_a_table_becomes_what_the_seed_promises(tmp_path: Path):
    source = table(tmp_path, f"text,label\n我想查询我的余额,{BALANCE}\n我要取消套餐,{CANCEL}\n")
    named = labels(tmp_path, *(f"意图{number}" for number in range(6)), BALANCE, CANCEL)
    done = data(
        "convert", "intents", source, "--labels", named, "--out", tmp_path / "out", "--system-prompt", "判断意图。"
    )
    assert done.returncode == 0, done.stderr
    assert rows_in(tmp_path / "out") == [
        {
            "messages": [
                {"role": "system", "content": "判断意图。"},
                {"role": "user", "content": text},
                {"role": "assistant", "content": answer},
            ],
            "tools": [],
            "meta": {"source": f"data.csv:{line}", "label": label},
        }
        for text, answer, line, label in (
            ("我想查询我的余额", f"意图：6:{BALANCE}", 2, BALANCE),
            ("我要取消套餐", f"意图：7:{CANCEL}", 3, CANCEL),
        )
    ]


def test_what_is_taught_is_what_is_measured(tmp_path: Path):
    source = table(tmp_path, f"text,label\nbalance?,{BALANCE}\nstop it,{CANCEL}\n")
    named = labels(tmp_path, BALANCE, CANCEL)
    assert data("convert", "intents", source, "--labels", named, "--out", tmp_path / "out").returncode == 0
    rows = load_rows(tmp_path / "out" / "train.jsonl", load_labels(named))
    assert [(row.text, row.truth) for row in rows] == [("balance?", BALANCE), ("stop it", CANCEL)]
    assert BALANCE in rows[0].conversation[0].text  # type: ignore[union-attr]


def test_ids_names_and_columns_are_as_one_says(tmp_path: Path):
    source = table(tmp_path, f"id;utterance;intent\r\n1;a, b;K6\r\n2;c;{CANCEL}\r\n")
    named = labels(tmp_path, f"K6\t{BALANCE}", f"K9\t{CANCEL}")
    done = data(
        *("convert", "intents", source, "--labels", named, "--out", tmp_path / "out"),
        *("--text-column", "utterance", "--label-column", "intent", "--answer", "{label} ({index})"),
    )
    assert done.returncode == 0, done.stderr
    assert [row["messages"][-1]["content"] for row in rows_in(tmp_path / "out")] == [
        f"{BALANCE} (K6)",
        f"{CANCEL} (K9)",
    ]
    assert load_labels(named).understand(f"意图：K9:{CANCEL}") == (CANCEL, "意图：{index}:{label}")


def test_classes_are_divided_and_counted(tmp_path: Path):
    lines = [f"{label} {number},{label}" for label, count in (("pay", 50), ("owe", 10)) for number in range(count)]
    source, named = table(tmp_path, "text,label\n" + "\n".join(lines)), labels(tmp_path, "pay", "owe", "lend")
    done = data("convert", "intents", source, "--labels", named, "--out", tmp_path / "out")
    counts = [line.split() for line in done.stdout.splitlines()[1:4]]
    assert counts == [["pay", "50", "40", "5", "5"], ["owe", "10", "8", "1", "1"], ["lend", "0", "0", "0", "0"]]
    assert "labels without a row: lend" in done.stdout
    sides = [read_json(tmp_path / "out" / f"{name}.jsonl") for name in ("train", "validation", "test")]
    assert [sum(row["meta"]["label"] == "pay" for row in side) for side in sides] == [40, 5, 5]


def test_what_is_wrong_is_named_and_counted_and_the_rest_is_there(tmp_path: Path):
    source = table(tmp_path, 'text,label\na,pay\nb,borrow\n,pay\nc,pay,more\n"d\ne",owe\nf,borrow\na,owe\n\n')
    done = data("convert", "intents", source, "--labels", labels(tmp_path, "pay", "owe"), "--out", tmp_path / "out")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"{source}, line 3: 'borrow' is none of the labels",
        f"{source}, line 4: the column 'text' is empty",
        f"{source}, line 5: 3 cells instead of 2",
        f"{source}, line 8: 'borrow' is none of the labels",
        "4 lines could not be read",
    ]
    assert "labels that are none of the file's: 'borrow' 2" in done.stdout
    assert "texts that stand there under several labels: 1" in done.stdout
    assert sorted(row["messages"][1]["content"] for row in rows_in(tmp_path / "out")) == ["a", "a", "d\ne"]


def test_other_encodings_are_read_when_named(tmp_path: Path):
    source, named = table(tmp_path, f"text,label\n余额,{BALANCE}\n", "gb18030"), labels(tmp_path, BALANCE, CANCEL)
    words = ("convert", "intents", source, "--labels", named, "--out", tmp_path / "out")
    refused = data(*words)
    assert refused.returncode == 2
    assert "--encoding gb18030" in refused.stderr
    assert data(*words, "--encoding", "gb18030").returncode == 0
    assert rows_in(tmp_path / "out")[0]["messages"][1]["content"] == "余额"


def test_wrong_input_is_told_in_one_line(tmp_path: Path):
    good, named = table(tmp_path, "text,label\na,pay\n"), labels(tmp_path, "pay", "owe")
    unknown = tmp_path / "unknown.csv"
    unknown.write_text("text,label\n")
    same = tmp_path / "same.txt"
    same.write_text("1\tpay\n1\towe\n")
    for words, problem in (
        ((good, "--labels", tmp_path / "none.txt"), "cannot be read"),
        ((tmp_path, "--labels", named), "is a folder"),
        ((tmp_path / "none.csv", "--labels", named), "cannot be read"),
        ((good, "--labels", named, "--text-column", "words"), "its columns are text, label"),
        ((good, "--labels", named, "--encoding", "klingon"), "no encoding"),
        ((good, "--labels", named, "--ratio", "1:2:3:4"), "--ratio"),
        ((good, "--labels", named, "--answer", "no place"), "does not say where the label stands"),
        ((good, "--labels", same), "two labels have the same id"),
        ((unknown, "--labels", named), "nothing in it"),
    ):
        assert problem in refused("convert", "intents", *words, "--out", tmp_path / "out")


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_no_bytes_are_worse_than_a_file_that_is_refused(tmp_path_factory: pytest.TempPathFactory, held: bytes):
    path = tmp_path_factory.mktemp("table") / "data.csv"
    path.write_bytes(b"text,label\n" + held)
    try:
        assert all(isinstance(each, Record | BadLine) for each in read_table(path, ("text", "label")))
    except UserError as error:
        assert "data.csv" in str(error)  # noqa: PT017 - either is right
