"""`demiurgic eval compare` as its users meet it."""

import os
import subprocess
import sys

import pytest
from support.scored_runs import results_file, run_folder, split


@pytest.fixture
def run(tmp_path):
    def run(*arguments, columns=60):
        return subprocess.run(
            [sys.executable, "-m", "demiurgic", "eval", "compare", *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": str(columns), "DEMIURGIC_CONFIG": str(tmp_path / "none.toml")},
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def files(tmp_path):
    first, other = split(38, 9, 63, 54)
    return [results_file(tmp_path / f"{name}_results.jsonl", each) for name, each in (("old", first), ("new", other))]


def test_the_table_fits_a_narrow_terminal(run, files, tmp_path):
    third = run_folder(tmp_path / "q4", split(20, 20, 50, 74)[1], model="a model with a name", prompt="chat")
    done = run(*files, third)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 60
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "A 43.9 % 36.5-51.6 164 164" in lines
    assert "B 61.6 % 54.0-68.7 164 164" in lines
    assert "B - A +17.7 +9.6 to +25.3 38 9 5.0e-05" in lines
    assert "note: nothing is known of how A and B were made" in lines


def test_a_page_is_written(run, files, tmp_path):
    done = run(*files, "--out", "page.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    assert run(*files, "--out", "none/page.html").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--fail-below", "17"], 1),
        (["--fail-below", "-17"], 1),
        (["--fail-below", "18"], 0),
        (["--fail-below", "17", "--surely"], 0),
        (["--fail-below", "9", "--surely"], 1),
        (["--surely"], 2),
    ],
)
def test_a_worse_run_fails_the_build(run, files, arguments, code):
    done = run(*reversed(files), *arguments)
    assert done.returncode == code, done.stderr
    assert ("FAILED: B" in done.stdout) == (code == 1)


def test_a_better_or_equal_run_never_fails_the_build(run, files):
    assert run(*files, "--fail-below", "0").returncode == 0
    assert run(files[0], files[0], "--fail-below", "0").returncode == 0


def test_exactly_what_is_allowed_is_allowed(run, tmp_path):
    first, other = split(0, 3, 7, 0)
    files = [results_file(tmp_path / f"{number}_results.jsonl", each) for number, each in enumerate((first, other))]
    assert run(*files, "--fail-below", "30").returncode == 0
    assert run(*files, "--fail-below", "29.9").returncode == 1


def test_terminal_codes_in_names_are_not_obeyed(run, tmp_path):
    passes = {"\x1b[2J\x1b]0;owned\x07[red]": [True]}, {"\x1b[2J\x1b]0;owned\x07[red]": [False]}
    files = [results_file(tmp_path / f"{number}_results.jsonl", each) for number, each in enumerate(passes)]
    done = run(*files)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert r"\x1b[2J" in done.stdout
    assert "[red]" in "".join(done.stdout.split())


@pytest.mark.parametrize("text", ["", "not json\n", '{"task_id": "x", "completion": "never scored"}\n'])
def test_wrong_input_is_one_line(run, files, tmp_path, text):
    broken = tmp_path / "broken.jsonl"
    broken.write_text(text)
    done = run(files[0], broken)
    assert done.returncode == 2
    assert done.stderr.startswith("demiurgic: ")
    assert "Traceback" not in done.stderr


def test_coverage_of_the_problems_is_told(run, files, tmp_path):
    problems = tmp_path / "problems.jsonl"
    row = '{"task_id": "T/%d", "prompt": "p", "entry_point": "f", "test": "t"}\n'
    problems.write_text("".join(row % number for number in range(4, 204)))
    done = run(*files, "--problems", problems)
    assert "covered: 160 of 200 problems, and 4 unknown tasks" in done.stdout
