"""Scored runs to be compared: a folder that `demiurgic eval` left, or a results file of anybody's.

A manifest is read where one lies beside the results, and believed; without one nothing is known of how a run was made.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import BadEvaluationFile
from demiurgic.evaluation.manifest import read_manifest
from demiurgic.evaluation.report import RESULTS
from demiurgic.evaluation.results import Scored, read_results
from demiurgic.messages import JsonObject


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """All that one model's samples came to."""

    letter: str
    """What tables call it: A for the first, which the others are compared with."""
    name: str
    path: Path
    manifest: JsonObject
    """Empty where there is none."""
    tasks: dict[str, tuple[Scored, ...]]
    """The samples of each task, in the order of the file."""


def load_runs(paths: Sequence[Path]) -> list[ScoredRun]:
    """Read all of them. Raises BadEvaluationFile."""
    return [_load(path, _letter(number)) for number, path in enumerate(paths)]


def _load(path: Path, letter: str) -> ScoredRun:
    file = path / RESULTS if path.is_dir() else path
    if not file.exists():
        missing = f"{path} holds no {RESULTS}" if path.is_dir() else f"there is no file {path}"
        raise BadEvaluationFile(missing, "score the samples first: demiurgic eval score SAMPLES.jsonl")
    tasks: dict[str, list[Scored]] = {}
    for scored in read_results(file):
        tasks.setdefault(scored.sample.task_id, []).append(scored)
    if not tasks:
        raise BadEvaluationFile(f"{file} holds no scored samples")
    for task_id, samples in tasks.items():
        _check_numbers(file, task_id, samples)
    manifest = read_manifest(file.parent) if (file.parent / "manifest.json").exists() else {}
    name = str(manifest.get("model") or (path.resolve().name if path.is_dir() else path.name.split(".jsonl")[0]))
    return ScoredRun(letter, name, path, manifest, {task_id: tuple(samples) for task_id, samples in tasks.items()})


def _check_numbers(file: Path, task_id: str, samples: Sequence[Scored]) -> None:
    """A sample that is there twice would count twice. Others' files do not number samples: there all have 0."""
    numbers = Counter(each.sample.index for each in samples)
    number, times = numbers.most_common(1)[0]
    if times > 1 and len(numbers) > 1:
        raise BadEvaluationFile(f"{file}: sample {number} of {task_id} is there {times} times")


def _letter(number: int) -> str:
    """A to Z, then A1 and so on."""
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")
