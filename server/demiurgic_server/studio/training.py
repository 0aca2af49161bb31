"""Training runs as their folders tell of them, and the settings that a run takes as `demiurgic train` describes them.

A run's log and state are files of another part of the program: they are read as JSON, and what is not known in them is
passed on.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil

from demiurgic.errors import WorkError
from demiurgic_server.problems import BadField
from demiurgic_server.studio.forms import check_model
from demiurgic_server.studio.grounds import Grounds
from demiurgic_server.studio.jobs import Chunk, read_on
from demiurgic_server.studio.reading import as_object

_STATE, _LOG, _RECIPE = "state.json", "log.jsonl", "recipe.yaml"
_SECONDS = 60
_KINDS = ("scratch:", "gguf:", "snippets:")
"""What may stand before a path, to say what kind of thing lies there."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder, and how it stands: what state.json says, and whether that process still lives."""

    folder: str
    changed: float
    standing: dict[str, Any]
    alive: bool


def all_runs(grounds: Grounds) -> list[Run]:
    """Those in the studio's folder, the latest first."""
    runs = [_run(grounds, folder) for folder in grounds.folders(_STATE, _RECIPE)]
    return sorted(runs, key=lambda run: run.changed, reverse=True)


def one_run(grounds: Grounds, name: str) -> Run:
    """One of them. Raises Refused."""
    grounds.there(os.path.join(name, _STATE))  # noqa: PTH118 - it is still text
    return _run(grounds, grounds.there(name))


def log_of(grounds: Grounds, name: str, after: int) -> Chunk:
    """What happened in a run behind a place in its log, whole lines only. Raises Refused."""
    file = grounds.inside(os.path.join(name, _LOG))  # noqa: PTH118 - it is still text
    return read_on(file, after, whole=True, all_of_it=True) if file.is_file() else Chunk("", 0)


def recipe_text(recipe: Mapping[str, Any]) -> str:
    """A recipe as YAML: each value is written as JSON, which YAML reads, too."""
    lines: list[str] = []
    for name, value in recipe.items():
        if isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            lines += [f"{name}:", *(f"  {key}: {json.dumps(held, ensure_ascii=False)}" for key, held in inner.items())]
        else:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def overrides(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """A recipe as words that override what a preset says."""
    words: list[str] = []
    for name, value in recipe.items():
        inner = cast("dict[str, Any]", value) if isinstance(value, dict) else {"": value}
        words += [f"{name}.{key}={_word(held)}" if key else f"{name}={_word(held)}" for key, held in inner.items()]
    return tuple(words)


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_recipe(recipe: Mapping[str, Any], grounds: Grounds) -> None:
    """Raises Refused or BadField where a recipe leads to files that the page may not name. All else is checked by the
    command."""
    data = _section(recipe, "data")
    for name in ("train", "validation"):
        if data.get(name):
            grounds.there(str(data[name]))
    _check_out(recipe, grounds)
    _check_named(recipe.get("model"), grounds)
    _check_named(_section(recipe, "teaching").get("teacher"), grounds)


def check_loop(recipe: Mapping[str, Any], grounds: Grounds) -> None:
    """The same for a loop of `demiurgic distil`."""
    _check_out(recipe, grounds)
    if teacher := recipe.get("teacher"):
        check_model(str(teacher), grounds)
    for name in (recipe.get("student"), *(_section(recipe, part).get("source") for part in ("tasks", "problems"))):
        _check_named(name, grounds)


def _section(recipe: Mapping[str, Any], name: str) -> dict[str, Any]:
    held: Any = recipe.get(name)
    return cast("dict[str, Any]", held) if isinstance(held, dict) else {}


def _check_out(recipe: Mapping[str, Any], grounds: Grounds) -> None:
    keys = (*recipe, *(key for part in recipe for key in _section(recipe, part)))
    if odd := next((key for key in keys if not key.isidentifier()), None):
        raise BadField(odd, f"{odd!r} is no setting")
    out = recipe.get("out")
    if not isinstance(out, str) or not out.strip():
        raise BadField("out", "the run needs a folder: fill in “Folder of the run”")
    grounds.inside(out)


def _check_named(name: object, grounds: Grounds) -> None:
    """A checkpoint, a model or a file: refused where it is a path that leads elsewhere."""
    text = str(name or "")
    for kind in _KINDS:
        text = text.removeprefix(kind)
    if text and (text.startswith(("/", ".", "~")) or (grounds.folder / text).exists()):
        grounds.there(text)


async def described(folder: Path, name: str) -> Any:  # noqa: ANN401 - JSON Schema
    """What a command says of its settings. Raises WorkError where it cannot."""
    command = (sys.executable, "-P", "-m", "demiurgic", name, "--describe")
    told = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
    )
    try:
        return json.loads(told.stdout)
    except ValueError as error:
        said = told.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise WorkError(said or f"`demiurgic {name}` did not describe itself", "demiurgic doctor") from error


def _run(grounds: Grounds, folder: Path) -> Run:
    standing = as_object((folder / _STATE).read_bytes())
    pid = standing.get("pid")
    alive = isinstance(pid, int) and psutil.pid_exists(pid) and _trains(pid)
    changed = (folder / _STATE).stat().st_mtime
    return Run(grounds.shown(folder), changed, standing, alive)


def _trains(pid: int) -> bool:
    """Whether it is a process of this program, and not another one that got its number."""
    try:
        return any("demiurgic" in word for word in psutil.Process(pid).cmdline())
    except psutil.Error:
        return False
