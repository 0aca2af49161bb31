"""`demiurgic eval score`, from a file of samples to a file of results."""

import json
from pathlib import Path

import pytest
from support.cheats import LARGEST

from demiurgic.cli import main


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    row = {"prompt": LARGEST.prompt, "entry_point": LARGEST.entry_point, "test": LARGEST.test}
    return write(tmp_path / "problems.jsonl", *({"task_id": f"Own/{number}", **row} for number in range(3)))


def sample(number: int, completion: str) -> dict[str, str]:
    return {"task_id": f"Own/{number}", "completion": completion}


RIGHT, WRONG = "    return max(numbers)\n", "    return min(numbers)\n"


def test_results_can_be_read_and_tell_of_coverage(
    tmp_path: Path, problems: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = write(tmp_path / "s.jsonl", *(sample(n, c) for n in (0, 1) for c in (RIGHT, WRONG)))
    assert main(["eval", "score", str(samples), "--problems", str(problems), "--k", "1,2"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "s.jsonl_results.jsonl").read_text().splitlines()]
    assert [(row["task_id"], row["passed"], row["sample"]) for row in rows] == [
        ("Own/0", True, 0), ("Own/0", False, 1), ("Own/1", True, 0), ("Own/1", False, 1)
    ]  # fmt: skip
    assert rows[1]["result"].startswith("failed: assertion")
    said = capsys.readouterr().out
    assert "pass@1     50.0 %" in said
    assert "pass@2    100.0 %" in said
    assert "2 of 3 (67 %), 4 samples" in said


def test_results_of_others_are_kept(tmp_path: Path, problems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = write(tmp_path / "s.jsonl", sample(0, RIGHT))
    command = ["eval", "score", str(samples), "--problems", str(problems)]
    assert main(command) == 0
    assert main(command) == 0
    write(samples, sample(0, WRONG))
    assert main(command) == 2
    assert "other samples" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no samples"),
        ("{", "line 1 is no JSON"),
        ('{"task_id": "Own/9", "completion": ""}', "no problem Own/9"),
        ('{"task_id": "Own/0"}', "line 1: a sample needs"),
    ],
)
def test_wrong_input_is_one_line(
    tmp_path: Path, problems: Path, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = tmp_path / "s.jsonl"
    samples.write_text(text)
    assert main(["eval", "score", str(samples), "--problems", str(problems)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("flag", [["--k", "0"], ["--k", "x"], ["--timeout", "0"], ["--workers", "0"]])
def test_wrong_numbers_are_refused(tmp_path: Path, problems: Path, flag: list[str]) -> None:
    samples = write(tmp_path / "s.jsonl", sample(0, RIGHT))
    assert main(["eval", "score", str(samples), "--problems", str(problems), *flag]) == 2


def test_trust_is_said_loudly(tmp_path: Path, problems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = write(tmp_path / "s.jsonl", sample(0, RIGHT))
    assert main(["eval", "score", str(samples), "--problems", str(problems), "--trusted"]) == 0
    assert "without a sandbox" in capsys.readouterr().err
