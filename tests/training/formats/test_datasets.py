"""Datasets of Hugging Face's library: rows go in and come out as they were."""

from pathlib import Path

from support.rows import data, refused, talk, write_lines, write_rows

from demiurgic.messages import Assistant, ToolCall, ToolResult, User
from demiurgic_training.formats import read_any
from demiurgic_training.formats.hugging_face import read_dataset, write_dataset
from demiurgic_training.rows import Pair, Row

ODD = Row(
    (User("?"), Assistant("", calls=(ToolCall("1", "f", {"a": [1, {"b": None}]}),)), ToolResult("1", "f", "文字")),
    meta={"cost": 0.25, "verdicts": {"execution": {"outcome": "pass"}}},
)


def test_rows_of_different_shapes_come_back(tmp_path: Path):
    rows = [talk(1), ODD, talk(2).noting(page="p")]
    assert write_dataset(tmp_path / "set", rows) == 3
    assert list(read_dataset(str(tmp_path / "set"), read_any)) == rows
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_pairs_come_back(tmp_path: Path):
    pairs = [Pair((User("a"),), Assistant("b"), Assistant("c", calls=(ToolCall("1", "f", {"x": 1}),)), {"n": 1})]
    write_dataset(tmp_path / "set", pairs)
    assert list(read_dataset(str(tmp_path / "set"), read_any)) == pairs


def test_commands_convert_both_ways(tmp_path: Path):
    source = write_rows(tmp_path / "rows.jsonl", [talk(1), ODD])
    done = data("convert", "dataset", source, "--out", tmp_path / "set")
    assert (done.returncode, done.stdout) == (0, f"2 rows: {tmp_path / 'set'}\n"), done.stderr
    assert data("convert", "rows", tmp_path / "set", "--out", tmp_path / "back.jsonl").returncode == 0
    assert (tmp_path / "back.jsonl").read_bytes() == source.read_bytes()


def test_wrong_input_is_told_in_one_line(tmp_path: Path):
    rows = write_rows(tmp_path / "rows.jsonl", [talk(1)])
    pair = {"prompt": "a", "chosen": "b", "rejected": "c"}
    mixed = write_lines(tmp_path / "mixed.jsonl", [{"prompt": "a", "completion": "b"}, pair])
    for words, problem in (
        (("rows", tmp_path, "--out", tmp_path / "x.jsonl"), "no dataset"),
        (("dataset", rows, "--out", tmp_path), "is there already"),
        (("dataset", mixed, "--out", tmp_path / "set"), "cannot stand in one dataset"),
    ):
        assert problem in refused("convert", *words)
    done = data("convert", "rows", "hf:a/b", "--out", tmp_path / "x.jsonl", DEMIURGIC_OFFLINE="1")
    assert (done.returncode, "offline" in done.stderr) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mixed.jsonl", "rows.jsonl"]
