"""Folders as runs, measurements and exports leave them, written at once."""

import json
from pathlib import Path
from typing import Any

LABELS = ("weather", "music", "alarm")


def event(kind: str, **fields: object) -> str:
    """A line of a training run's log."""
    return json.dumps({"kind": kind, **fields}) + "\n"


def step(at: int, loss: float) -> str:
    rest = {"epoch": at / 20, "gradient": 1.0, "tokens_per_second": 321.0, "peak_memory": 5e8, "seconds": at * 0.1}
    return event("step", step=at, steps=20, loss=loss, learning_rate=2e-4 * (1 - at / 20), margin=None, **rest)


BEGAN = event("began", step=0, steps=20, method="sft", model="tiny", device="cpu", trained=1, parameters=2, rows=3)


def record(folder: Path, *lines: str, stage: str = "running", pid: int = 0) -> None:
    """A training run, or what happened next in it."""
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text("model: tiny\n")
    with (folder / "log.jsonl").open("a") as log:
        log.writelines(lines)
    last = json.loads(lines[-1]).get("step", 0)
    state = {"stage": stage, "step": last, "steps": 20, "pid": pid, "problem": ""}
    (folder / "state.json").write_text(json.dumps(state))


def intents_test(folder: Path, counts: list[list[int]], labels: tuple[str, ...] = LABELS) -> None:
    """A test of intents. Each row of counts is what rows of one label were taken for; its last number is of none."""
    right = sum(row[at] for at, row in enumerate(counts))
    rows = sum(map(sum, counts))
    confused = [
        {"truth": labels[at], "predicted": labels[to], "count": count}
        for at, row in enumerate(counts)
        for to, count in enumerate(row[:-1])
        if count and to != at
    ]
    matrix = {"labels": labels, "last_column": "no prediction", "counts": counts}
    scores = {"accuracy": right / rows, "accuracy_interval": [0.1, 0.9], "macro_f1": 0.5, "rows": rows, "failed": 0}
    _write(folder, "evaluation_results.json", scores)
    _write(folder, "detailed_analysis.json", {"most_confused": confused, "confusion_matrix": matrix})


def humaneval_run(folder: Path) -> None:
    outcomes = {"passed": 1, "failed": 2, "timed out": 1}
    report = {"scores": {"pass@1": 0.25}, "interval": [0.1, 0.5], "problems": 4, "samples": 4, "outcomes": outcomes}
    _write(folder, "report.json", report)
    _write(folder, "manifest.json", {"model": "base.gguf", "prompt": "chat", "temperature": 0})


def export(folder: Path) -> None:
    checks = [{"name": "likeliest tokens", "passed": True, "found": {"same": 1.0}}, {"name": "text", "passed": False}]
    files = [{"form": "F16", "agrees": True, "checks": checks}]
    _write(folder, "tiny.certificate.json", {"model": "tiny", "agrees": True, "files": files})
    (folder / "tiny-F16.gguf").write_bytes(b"GGUF")
    (folder / "tiny.md").write_text("# tiny\n\nWhat it learned from.\n")


def _write(folder: Path, name: str, value: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(value))
