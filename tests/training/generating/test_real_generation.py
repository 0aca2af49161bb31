"""Real data from end to end without a network: a local model writes examples in one batch, filters judge them, a split
divides them.
"""

import json
import re

from support.data_program import data

TASKS = [
    "Write a Python function `double(x)` that returns x times two. Give the code alone, in a fence.",
    "Write a Python function `is_even(n)`. Give the code alone, in a fence.",
    "Write a Python function `last(items)` that returns the last item. Give the code alone, in a fence.",
    "Write a Python function `shout(text)` that returns the text in capitals. Give the code alone, in a fence.",
    "Write a Python function `square(x)`. Give the code alone, in a fence.",
    "Write a Python function `count(text)` that returns its length. Give the code alone, in a fence.",
    "Write a Python function `first(items)` that returns the first item. Give the code alone, in a fence.",
    "Write a Python function `negate(flag)` that returns not flag. Give the code alone, in a fence.",
]


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_local_model_writes_rows_that_are_filtered_and_divided(tmp_path, qwen):
    (tmp_path / "tasks.txt").write_text("\n".join(TASKS))
    made = data(
        tmp_path, "generate", "--num-examples", 8, "--tasks", "tasks.txt", "--mix", qwen, "--max-tokens", 160,
        "--temperature", 0, "--parallel", 8, "--yes", "--out", "made",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "free" in made.stderr
    kept = rows(tmp_path / "made" / "rows.jsonl")
    assert len(kept) >= 5
    assert all(re.search(r"def \w+\(", row["messages"][-1]["content"]) for row in kept)
    filtered = data(tmp_path, "filter", "made/rows.jsonl", "--out", "clean.jsonl")
    assert filtered.returncode == 0, filtered.stderr
    clean = rows(tmp_path / "clean.jsonl")
    divided = data(tmp_path, "split", "clean.jsonl", "--ratio", "3:1:1", "--out", "parts")
    assert divided.returncode == 0, divided.stderr
    parts = [rows(tmp_path / "parts" / f"{name}.jsonl") for name in ("train", "validation", "test")]
    assert sorted(str(row["messages"]) for part in parts for row in part) == sorted(
        str(row["messages"]) for row in clean
    )
    again = data(
        tmp_path, "generate", "--num-examples", 8, "--tasks", "tasks.txt", "--mix", qwen, "--max-tokens", 160,
        "--temperature", 0, "--parallel", 8, "--yes", "--out", "made",
    )  # fmt: skip
    assert "8 answers are here already" in again.stderr
    assert rows(tmp_path / "made" / "rows.jsonl") == kept
