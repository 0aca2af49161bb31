"""Tasks for an agent: a folder to work in, what is to be done, and how one sees that it was.

A suite is a folder of kinds, a kind is a folder of tasks, and a task is a folder with

    task.toml    the instruction, which files a solution may consist of, limits
    files/       what the agent finds
    hidden/      what is laid over a solution to check it; never shown to the agent
    solution/    files of one that passes; never shown to the agent

A suite's `common/` is laid over every solution too. Hidden tests are modules of unittest named `test_*`, unless the
task names a command of its own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import cast

from demiurgic.errors import BadEvaluationFile
from demiurgic.messages import Json
from demiurgic_models.reading import read_toml

OWN_SUITE = Path(__file__).with_name("suite")
ANSWER = "answer.txt"
"""Where hidden tests find what the agent said in the end."""
_COMMON = "common"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much an agent may take for one task, and its tests afterwards."""

    steps: int = 20
    tokens: int = 3000
    """Written by the model."""
    seconds: float = 600.0
    check_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to be done."""

    kind: str
    name: str
    folder: Path
    common: Path
    instruction: str
    solution: tuple[str, ...]
    """Patterns of the files that are taken from the agent's folder. All others are as they were."""
    test: tuple[str, ...] = ()
    """A command whose exit code 0 is a pass; empty: the hidden modules of unittest."""
    readonly: tuple[str, ...] = ()
    """Files that are not to be written."""
    level: int = 1
    """1 is for the smallest models, 3 for large ones."""
    allowance: Allowance = Allowance()

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def hidden_modules(self) -> tuple[str, ...]:
        """The names of the hidden tests."""
        return tuple(sorted(path.stem for path in (self.folder / "hidden").glob("test_*.py")))


def load_suite(folder: Path, kinds: Sequence[str] = (), limit: int | None = None) -> list[Task]:
    """The suite's tasks, one of each kind after the other and the easy ones first: what a short run sees is mixed."""
    found = {path.name: path for path in _folders(folder) if path.name != _COMMON}
    if unknown := [kind for kind in kinds if kind not in found]:
        raise BadEvaluationFile(f"{folder} has no kind {unknown[0]!r}", f"it has: {', '.join(found) or 'none'}")
    chosen = [found[kind] for kind in kinds] or list(found.values())
    columns = [sorted((_task(folder, path) for path in _folders(kind)), key=_easy_first) for kind in chosen]
    tasks = [task for task in chain.from_iterable(zip_longest(*columns)) if task is not None]
    if not tasks:
        raise BadEvaluationFile(f"{folder} holds no tasks", "a task is KIND/NAME/task.toml")
    return tasks[:limit]


def digest_of(tasks: Sequence[Task]) -> str:
    """Names every file of these tasks, byte for byte."""
    digest = hashlib.sha256()
    for place in sorted({place for task in tasks for place in (task.common, task.folder)}):
        for path in sorted(path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            name = f"{place.parent.name}/{place.name}/{path.relative_to(place).as_posix()}"
            digest.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _easy_first(task: Task) -> tuple[int, str]:
    return task.level, task.name


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")
    except OSError as error:
        raise BadEvaluationFile(f"{folder} cannot be read: {error.strerror}") from error


def _task(suite: Path, folder: Path) -> Task:
    path = folder / "task.toml"
    try:
        table: dict[str, Json] = read_toml(path)
    except (OSError, ValueError) as error:
        raise BadEvaluationFile(f"{path} cannot be read: {error}") from error
    task = Task(
        kind=folder.parent.name,
        name=folder.name,
        folder=folder,
        common=suite / _COMMON,
        instruction=str(table.pop("instruction", "")).strip(),
        solution=_words(path, table, "solution"),
        test=_words(path, table, "test"),
        readonly=_words(path, table, "readonly"),
        level=int(_number(path, table, "level", 1)),
        allowance=_allowance(path, table),
    )
    if table:
        raise BadEvaluationFile(f"{path} sets `{next(iter(table))}`, which is not known")
    if not task.instruction:
        raise BadEvaluationFile(f"{path} has no `instruction`")
    if not task.test and not task.hidden_modules:
        raise BadEvaluationFile(f"{path} has no `test`, and hidden/ beside it no test_*.py")
    return task


def _allowance(path: Path, table: dict[str, Json]) -> Allowance:
    usual = Allowance()
    return Allowance(
        steps=int(_number(path, table, "steps", usual.steps)),
        tokens=int(_number(path, table, "tokens", usual.tokens)),
        seconds=_number(path, table, "seconds", usual.seconds),
        check_seconds=_number(path, table, "check_seconds", usual.check_seconds),
    )


def _number(path: Path, table: dict[str, Json], name: str, usual: float) -> float:
    value = table.pop(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise BadEvaluationFile(f"{path} sets `{name}` to {value!r}; a number above 0 is expected")
    return value


def _words(path: Path, table: dict[str, Json], name: str) -> tuple[str, ...]:
    value = table.pop(name, [])
    words = [word for word in cast("list[Json]", value) if isinstance(word, str)] if isinstance(value, list) else []
    if words != value:
        raise BadEvaluationFile(f"{path} sets `{name}` to {value!r}; a list of words is expected")
    return tuple(words)
