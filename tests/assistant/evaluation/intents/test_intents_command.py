"""`demiurgic eval intents` as its users meet it: in a process of its own, on a tiny model and on tiny checkpoints."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.tiny_checkpoints import make_checkpoint

pytestmark = pytest.mark.slow
LABELS = ("balance", "transfer", "pay_bill", "weather")
FILES = {
    "confusion_matrix.png",
    "detailed_analysis.json",
    "error_predictions.json",
    "evaluation_results.json",
    "failed_predictions.json",
    "manifest.json",
    "predictions.jsonl",
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "labels").write_text("\n".join(LABELS))
    rows = [{"text": f"say number {number}", "label": LABELS[number % 4]} for number in range(24)]
    rows += [{"text": f"something else {number}", "label": "oos"} for number in range(6)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def command(files: Path, *arguments: object) -> list[str]:
    words = [sys.executable, "-m", "demiurgic", "eval", "intents", "--test", files / "test.jsonl"]
    return [str(word) for word in (*words, "--labels", files / "labels", "--out", files / "out", *arguments)]


def run(files: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "60"}
    return subprocess.run(command(files, *arguments), capture_output=True, text=True, check=False, env=environment)


def read(path: Path):
    return json.loads(path.read_text("utf-8"))


def test_a_run_leaves_all_its_files_and_tells_the_same_as_they(files, tiny_glm4):
    done = run(files, "--model", tiny_glm4, "--oos", "oos")
    assert done.returncode == 0, done.stderr
    folder = files / "out" / "glm4"
    assert {path.name for path in folder.iterdir()} - {"predictions.lock"} == FILES
    results, details = read(folder / "evaluation_results.json"), read(folder / "detailed_analysis.json")
    predictions = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert len(predictions) == 30
    assert {row["label"] for row in predictions} <= set(LABELS)
    right = sum(row["label"] == LABELS[(row["line"] - 1) % 4] for row in predictions if row["line"] <= 24)
    assert (results["rows"], results["right"], results["accuracy"]) == (24, right, right / 24)
    assert f"{100 * right / 24:.1f} %" in done.stdout
    wrong = read(folder / "error_predictions.json")
    assert len(wrong) == 24 - right
    assert all(row["truth"] != row["predicted"] and row["confidence"] for row in wrong)
    assert read(folder / "failed_predictions.json") == []
    assert sum(map(sum, details["confusion_matrix"]["counts"])) == 24
    assert set(details["per_label"]) == set(LABELS)
    assert len(details["threshold_curve"]) == 101
    assert (results["out_of_scope"]["rows"], details["calibration"]["bins"] != []) == (6, True)
    assert 0 <= results["out_of_scope"]["separation"] <= 1
    assert (folder / "confusion_matrix.png").read_bytes().startswith(b"\x89PNG")
    assert max(map(len, done.stdout.replace(str(files), "").splitlines())) <= 60


def test_a_killed_run_goes_on_where_it_was(files, tiny_glm4):
    rows = [{"text": f"say number {number} " + "word " * 60, "label": "balance"} for number in range(100)]
    (files / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    journal = files / "out" / "glm4" / "predictions.jsonl"
    started = subprocess.Popen(command(files, "--model", tiny_glm4), stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 10) and time.monotonic() < until:
        time.sleep(0.02)
    started.send_signal(signal.SIGKILL)
    started.wait()
    before = journal.read_bytes()
    kept = before.count(b"\n")
    assert 10 <= kept < 100
    journal.write_bytes(before[: before.rindex(b"\n") + 1] + b'{"line": 7, "lab')  # and its last line was cut
    done = run(files, "--model", tiny_glm4)
    assert done.returncode == 0, done.stderr
    assert f"{100 - kept} rows in" in done.stdout
    lines = [json.loads(line)["line"] for line in journal.read_text().splitlines()]
    assert sorted(lines) == list(range(1, 101))
    again = run(files, "--model", tiny_glm4)
    assert "rows in" not in again.stdout
    assert journal.read_text().count("\n") == 100


def test_a_sample_is_part_of_the_whole_run_after_it(files, tiny_glm4):
    assert run(files, "--model", tiny_glm4, "--oos", "oos", "--samples", 8).returncode == 0
    folder = files / "out" / "glm4"
    few = (folder / "predictions.jsonl").read_text()
    assert few.count("\n") == 8
    done = run(files, "--model", tiny_glm4, "--oos", "oos", "--quick")
    assert "22 rows in" in done.stdout
    assert (folder / "predictions.jsonl").read_text().startswith(few)


def test_several_checkpoints_are_compared(files):
    for number in (500, 1000):
        make_checkpoint(files / "run" / f"checkpoint-{number}", seed=number)
    done = run(files, "--model", files / "run" / "checkpoint-*", "--oos", "oos", "--batch-size", 8)
    assert done.returncode == 0, done.stderr
    both = [read(files / "out" / f"checkpoint-{n}" / "evaluation_results.json")["right"] for n in (500, 1000)]
    [difference] = read(files / "out" / "comparison.json")
    assert difference["model"] == "checkpoint-1000"
    assert both[1] - both[0] == difference["gained"] - difference["lost"]
    assert done.stdout.index("checkpoint-500") < done.stdout.index("checkpoint-1000")
    assert max(map(len, done.stdout.replace(str(files), "").splitlines())) <= 60


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "test.jsonl, line 25: 'oos' is none of the labels"),
        (("--oos", "balance"), "'balance' is one of the labels"),
        (("--oos", "oos", "--samples", 0), "--samples is 0"),
        (("--oos", "oos", "--batch-size", 0), "--batch-size is 0"),
        (("--oos", "oos", "--tolerance", 2), "--tolerance is 2"),
        (("--oos", "oos", "--answer", "x"), "does not say where the label stands"),
        (("--oos", "oos", "--labels", "nowhere"), "nowhere cannot be read"),
        (("--oos", "oos", "--model", "nothing.gguf"), "there is no file nothing.gguf"),
        (("--oos", "oos", "--model", "/tmp"), "holds neither config.json"),
    ],
)
def test_wrong_input_is_told_in_a_line_and_leaves_nothing(files, tiny_glm4, arguments, problem):
    done = run(files, "--model", tiny_glm4, *arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not (files / "out").exists()


def test_a_folder_of_another_run_is_left_alone(files, tiny_glm4):
    assert run(files, "--model", tiny_glm4, "--oos", "oos", "--samples", 2).returncode == 0
    before = (files / "out" / "glm4" / "predictions.jsonl").read_bytes()
    (files / "labels").write_text("\n".join((*LABELS, "another")))
    done = run(files, "--model", tiny_glm4, "--oos", "oos")
    assert done.returncode == 2
    assert "holds another run: labels " in done.stderr
    assert (files / "out" / "glm4" / "predictions.jsonl").read_bytes() == before
