"""The folder that an agent works in, and the clean one in which its work is checked.

What is checked is never the folder that the agent had: only the files that a solution may consist of are taken from
there, and only plain ones. Whatever else it holds, such as a changed test, a conftest.py or a module that is named like
one of the standard library or of the hidden tests, is not in the clean place.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Set
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from demiurgic.evaluation.agents.tasks import ANSWER, Task

_LARGEST = 1 << 20
_MOST_FILES = 500
_HOOKS = frozenset(("conftest", "sitecustomize", "usercustomize"))


def lay_out(task: Task, place: Path) -> None:
    """Make the folder that the agent is given."""
    place.mkdir(parents=True)
    _overlay(task.folder / "files", place)
    for name in task.readonly:
        (place / name).chmod(0o444)


def lay_out_check(task: Task, worked: Path, answer: str, place: Path) -> None:
    """Make the clean place: the task's files, the solution's among them, and the hidden ones over them all."""
    place.mkdir(parents=True)
    _overlay(task.folder / "files", place)
    for path in _files(place):
        if _may_be_solution(task, path):
            (place / path).unlink()
    for path in _taken(task, worked):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(worked / path, place / path)
    _overlay(task.common, place)
    _overlay(task.folder / "hidden", place)
    (place / ANSWER).write_text(answer, "utf-8", errors="replace")


def _taken(task: Task, worked: Path) -> Iterator[PurePosixPath]:
    """What the agent's folder holds of a solution. What cannot be read, or is no plain file, is not there."""
    original, judges = set(_files(task.folder / "files")), _judges(task)
    count = 0
    for path in _files(worked):
        mine = _may_be_solution(task, path) and (path in original or not _reaches_tests(path, judges))
        if mine and count < _MOST_FILES and _is_plain(worked / path):
            count += 1
            yield path


def _may_be_solution(task: Task, path: PurePosixPath) -> bool:
    return any(fnmatchcase(str(path), pattern) for pattern in task.solution)


def _judges(task: Task) -> frozenset[str]:
    """The modules that the tests are made of. A folder of such a name would be imported in a module's place."""
    return frozenset(path.stem for place in (task.common, task.folder / "hidden") for path in place.glob("*.py"))


def _reaches_tests(path: PurePosixPath, judges: Set[str]) -> bool:
    """Whether a file could change how the tests run, by its name alone."""
    shadows = path.suffix == ".py" and PurePosixPath(path.parts[0]).stem in sys.stdlib_module_names | judges
    return shadows or path.stem in _HOOKS or path.suffix in (".pth", ".pyc", ".so")


def _is_plain(path: Path) -> bool:
    return path.stat().st_size <= _LARGEST and os.access(path, os.R_OK)


def _files(folder: Path) -> list[PurePosixPath]:
    """All files below a folder, relative to it. Links are neither followed nor named."""
    found: list[PurePosixPath] = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        paths = (Path(here, name) for name in names)
        kept = (path.relative_to(folder) for path in paths if path.is_file() and not path.is_symlink())
        found += [PurePosixPath(path) for path in kept]
    return sorted(found)


def _overlay(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
