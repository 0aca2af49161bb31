"""Tasks that the user brings: one a line, or JSON lines with `prompt`, and `tests` and `entry_point` if any."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic.messages import Json
from demiurgic_training.files import BadLine, read_as
from demiurgic_training.generating.seeds import Seed, Task
from demiurgic_training.rows import row_from_json


@dataclass(frozen=True, slots=True)
class Listed:
    """Satisfies `Seeds`: each task once, in its order."""

    file: Path
    tasks: Sequence[Task]

    @property
    def most(self) -> int:
        """As many as there are."""
        return len(self.tasks)

    def seed(self, number: int) -> Seed:
        """A task that need not be invented."""
        return Seed(f"{self.file.name}:{number + 1}", task=self.tasks[number])


def load_tasks(path: Path) -> Listed:
    """The tasks of a file: JSON lines by its ending, plain lines otherwise. Raises UserError, which names the line."""
    tasks = list(_from_json(path) if path.suffix in (".jsonl", ".gz") else _from_lines(path))
    if not tasks:
        raise UserError(f"{path} holds no tasks", "write one a line")
    return Listed(path, tasks)


def _from_lines(path: Path) -> Iterator[Task]:
    try:
        text = path.read_text("utf-8")
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder", "name a file with one task a line") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}", "name a file with one task a line") from error
    yield from (Task(line.strip()) for line in text.splitlines() if line.strip())


def _from_json(path: Path) -> Iterator[Task]:
    for task in read_as(path, _task):
        if isinstance(task, BadLine):
            raise UserError(str(task), 'a task is {"prompt": "...", "tests": "assert ...", "entry_point": "name"}')
        yield task


def _task(held: Mapping[str, Json]) -> Task:
    """A task by its own fields, or the question of a conversation. Raises ValueError."""
    if "prompt" not in held:
        row = row_from_json(held)
        held = {**row.meta, "prompt": row.question}
    prompt, tests, entry_point = held["prompt"], held.get("tests", ""), held.get("entry_point", "")
    if isinstance(tests, list):
        tests = "\n".join(map(str, tests))  # pyright: ignore[reportUnknownArgumentType]
    for name, value in (("prompt", prompt), ("tests", tests), ("entry_point", entry_point)):
        if not isinstance(value, str):
            raise ValueError(f"{name!r} is {json.dumps(value)[:40]}, which is no text")
    if not prompt.strip():
        raise ValueError("'prompt' is empty")
    return Task(prompt, tests, entry_point)
