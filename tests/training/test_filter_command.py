"""`demiurgic data filter` and `preview`, as users start them: every row is kept or told of, whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from support.clusters import free_port, started_cluster
from support.rows import data, read_json, refused, talk, write_lines, write_rows

from demiurgic.evaluation.problems import load_problems
from demiurgic_training.rows import asked, row_to_json

ADD = "Here:\n```python\ndef add(a, b):\n    return a + b\n```\nThat adds two numbers."
PROBLEM = next(iter(load_problems().values()))
MIXED = [
    row_to_json(talk(1)),
    "{bad\n",
    row_to_json(talk(2)),
    row_to_json(talk(1)),
    {"instruction": "Why?", "output": "I'm sorry, but I can't help with that, however much you ask."},
    {"prompt": PROBLEM.prompt, "completion": PROBLEM.canonical_solution},
    {"prompt": "a", "chosen": "b", "rejected": "c"},
    {"prompt": "Is it?", "completion": "Yes."},
    row_to_json(talk(3)),
]
GONE = [(2, "bad_line"), (5, "refusal"), (6, "contaminated"), (7, "bad_line"), (8, "short"), (4, "duplicate")]


def told(path: Path) -> list[tuple[int, str]]:
    return [(row["line"], row["filter"]) for row in read_json(path)]


def test_every_row_is_kept_or_told_of(tmp_path: Path):
    source, out = write_lines(tmp_path / "rows.jsonl", MIXED), tmp_path / "clean.jsonl"
    done = data("filter", source, "--out", out)
    assert done.returncode == 0, done.stderr
    assert read_json(out) == [row_to_json(talk(number)) for number in (1, 2, 3)]
    assert told(tmp_path / "clean.dropped.jsonl") == GONE
    reasons = {row["line"]: row["reason"] for row in read_json(tmp_path / "clean.dropped.jsonl")}
    assert reasons[4] == f"says what {source}, line 1 says"
    assert reasons[6] == f"holds {PROBLEM.task_id}"
    counts = {
        words[1]: int(words[0]) for line in done.stdout.splitlines() if (words := line.split())[0].lstrip("-").isdigit()
    }
    assert counts == {
        "read": 9,
        "kept": 3,
        **{name: -count for name, count in Counter(name for _, name in GONE).items()},
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.dropped.jsonl", "clean.jsonl", "rows.jsonl"]


def test_many_processes_come_to_the_same_as_one(tmp_path: Path):
    rows = [talk(number % 2500, answer="No." if number % 10 == 0 else "") for number in range(3000)]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    for workers in (1, 3):
        done = data("filter", source, "--out", tmp_path / f"{workers}.jsonl", "--workers", workers)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "3.jsonl").read_bytes()
    assert (tmp_path / "1.dropped.jsonl").read_bytes() == (tmp_path / "3.dropped.jsonl").read_bytes()
    assert len(read_json(tmp_path / "1.jsonl")) == 2250


def test_filters_are_left_out_and_set(tmp_path: Path):
    source, out = write_lines(tmp_path / "rows.jsonl", MIXED), tmp_path / "all.jsonl"
    more = ("--without", "refusal", "--shortest", 2, "--duplicates", "keep", "--contaminated")
    assert data("filter", source, "--out", out, *more).returncode == 0
    assert told(tmp_path / "all.dropped.jsonl") == [(2, "bad_line"), (7, "bad_line")]


def test_another_file_is_kept_out_instead(tmp_path: Path):
    source, out = write_lines(tmp_path / "rows.jsonl", MIXED), tmp_path / "clean.jsonl"
    exam = write_lines(tmp_path / "exam.jsonl", [{"q": talk(3).answer + talk(3).question}])
    assert data("filter", source, "--out", out, "--against", exam).returncode == 0
    assert (6, "contaminated") not in told(tmp_path / "clean.dropped.jsonl")


def with_tests(number: int, tests: str) -> dict:
    row = asked(f"Write function number {number} that adds, {talk(number).question}", f"{talk(number).answer}\n{ADD}")
    return row_to_json(row.noting(tests=tests))


def test_code_is_run_and_the_verdict_recorded(tmp_path: Path):
    rows = [
        with_tests(1, "assert add(1, 2) == 3"),
        with_tests(2, "assert add(1, 2) == 4"),
        with_tests(3, "add(1, 2)"),
        row_to_json(talk(4)),
    ]
    source, out = write_lines(tmp_path / "rows.jsonl", rows), tmp_path / "clean.jsonl"
    done = data("filter", source, "--out", out, "--run")
    assert done.returncode == 0, done.stderr
    first, last = read_json(out)
    assert first["meta"]["verdicts"] == {"execution": {"outcome": "pass", "detail": "", "mutants": 2, "killed": 2}}
    assert last == row_to_json(talk(4))
    assert told(tmp_path / "clean.dropped.jsonl") == [(2, "tests_fail"), (3, "tests_idle")]
    assert data("filter", source, "--out", out, "--run", "--keep-failing").returncode == 0
    outcomes = [row["meta"]["verdicts"]["execution"]["outcome"] for row in read_json(out)[:3]]
    assert outcomes == ["pass", "assertion", "pass"]


@pytest.mark.slow
def test_a_killed_run_asks_no_sandbox_twice(tmp_path: Path):
    """Killed when the first verdicts are on the disk; that they are read again is seen by what was changed in them."""
    rows = [with_tests(number, f"assert add({number}, 2) == {number + 2}") for number in range(40)]
    rows[:0] = [with_tests(number, "assert add(1, 2) == 4") for number in range(40, 50)]
    source, out = write_lines(tmp_path / "rows.jsonl", rows), tmp_path / "clean.jsonl"
    memory = tmp_path / "clean.jsonl.work" / "verdicts.jsonl"
    command = [sys.executable, "-m", "demiurgic", "data", "filter", source, "--out", out, "--run", "--workers", "1"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as started:
        until = time.monotonic() + 60
        while not (memory.exists() and memory.read_bytes().count(b"\n") >= 5):
            assert started.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        os.killpg(started.pid, signal.SIGKILL)
    before = memory.read_bytes()
    marked = before.replace(b'"detail": "AssertionError"', b'"detail": "remembered"')
    memory.write_bytes(marked)
    assert not out.exists()
    done = data("filter", source, "--out", out, "--run")
    assert done.returncode == 0, done.stderr
    assert len(read_json(out)) == 40
    assert "remembered" in (tmp_path / "clean.dropped.jsonl").read_text()
    assert not memory.parent.exists()


def test_an_interrupted_run_leaves_what_was_there(tmp_path: Path):
    endless = ADD.replace("return", "while True: a =")
    row = asked("Write a function that adds, please.", endless, meta={"tests": "assert add(1, 2) == 3"})
    source, out = write_rows(tmp_path / "rows.jsonl", [row]), write_rows(tmp_path / "clean.jsonl", [talk(1)])
    command = [sys.executable, "-m", "demiurgic", "data", "filter", source, "--out", out, "--run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:
        memory, until = tmp_path / "clean.jsonl.work" / "verdicts.jsonl", time.monotonic() + 60
        while not memory.exists():
            assert started.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert "Traceback" not in said
    assert read_json(out) == [row_to_json(talk(1))]
    assert [path.name for path in memory.parent.iterdir() if path.suffix == ""] == []


def test_where_nothing_is_left_nothing_is_replaced(tmp_path: Path):
    source = write_lines(tmp_path / "rows.jsonl", [{"prompt": "Is it?", "completion": "Yes."}])
    out = write_rows(tmp_path / "clean.jsonl", [talk(1)])
    done = data("filter", source, "--out", out)
    assert done.returncode == 2
    assert "no row is left; dropped: short 1" in done.stderr
    assert read_json(out) == [row_to_json(talk(1))]
    assert told(tmp_path / "clean.dropped.jsonl") == [(1, "short")]


def test_wrong_input_is_told_in_one_line(tmp_path: Path):
    rows = write_rows(tmp_path / "rows.jsonl", [talk(1)])
    out = ("--out", tmp_path / "clean.jsonl")
    for words in (
        (tmp_path, *out),
        (tmp_path / "none.jsonl", *out),
        (rows, *out, "--without", "nonsense"),
        (rows, *out, "--form", "nonsense"),
        (rows, *out, "--alike", "1.5"),
        (rows, *out, "--workers", "0"),
        (rows, *out, "--shortest", "-1"),
        (rows, *out, "--keep-failing"),
        (rows, *out, "--against", tmp_path / "none.txt"),
        (rows, "--out", tmp_path / "none" / "clean.jsonl"),
        (rows, "--out", tmp_path),
        (rows,),
    ):
        refused("filter", *words)
    assert not (tmp_path / "clean.jsonl").exists()


@pytest.mark.slow
def test_a_cluster_comes_to_the_same_as_this_machine(tmp_path: Path):
    rows = [row_to_json(talk(number % 500)) for number in range(600)]
    rows += [with_tests(number, f"assert add(1, 2) == {number % 2 + 3}") for number in range(600, 612)]
    source = write_lines(tmp_path / "rows.jsonl", [*rows, "{bad\n"])
    assert data("filter", source, "--out", tmp_path / "here.jsonl", "--run").returncode == 0
    with started_cluster(tmp_path / "ray.log") as address:
        done = data("filter", source, "--out", tmp_path / "there.jsonl", "--run", "--ray", address)
    assert done.returncode == 0, done.stderr
    here, there = read_json(tmp_path / "here.jsonl"), read_json(tmp_path / "there.jsonl")
    assert here == there
    assert len(here) == 506
    assert told(tmp_path / "here.dropped.jsonl") == told(tmp_path / "there.dropped.jsonl")


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path):
    address = f"127.0.0.1:{free_port()}"
    done = data(
        "filter", write_rows(tmp_path / "rows.jsonl", [talk(1)]), "--out", tmp_path / "x.jsonl", "--ray", address
    )
    assert done.returncode == 1
    assert address in done.stderr
    assert not (tmp_path / "x.jsonl").exists()


def test_a_preview_shows_rows_and_what_filters_drop(tmp_path: Path):
    source = write_lines(tmp_path / "rows.jsonl", MIXED)
    done = data("preview", source, "--samples", 1)
    assert done.returncode == 0, done.stderr
    assert "dropped by refusal" in done.stdout
    assert """its answer says "I'm sorry, but I\"""" in done.stdout
    assert "dropped by contaminated" in done.stdout
    assert f"holds {PROBLEM.task_id}" in done.stdout
    assert done.stdout.count("─ kept ─") == 1
    counts = dict(line.split(maxsplit=1)[::-1] for line in done.stdout.splitlines()[-5:])
    assert {name.strip(): int(count) for name, count in counts.items()} == {
        "read": 7,
        "refusal": -1,
        "contaminated": -1,
        "short": -1,
        "left, before they are compared with each other and run": 4,
    }
    assert data("preview", source, "--samples", 1).stdout == done.stdout
    assert "lines could not be read" in done.stderr


def test_a_preview_has_colours_where_it_is_asked_for_them(tmp_path: Path):
    source = write_rows(tmp_path / "rows.jsonl", [talk(1)])
    plain, coloured = data("preview", source).stdout, data("preview", source, FORCE_COLOR="1").stdout
    assert "\x1b[" not in plain
    assert "\x1b[1;36muser: " in coloured


def test_a_preview_of_nothing_is_refused(tmp_path: Path):
    done = data("preview", write_lines(tmp_path / "rows.jsonl", [json.dumps({"x": 1}) + "\n"]))
    assert done.returncode == 2
    assert "line 1: of no known form" in done.stderr
