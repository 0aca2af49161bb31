"""What a run over a suite has come to so far: a folder with a manifest and one line for each task that is done.

A line is on the disk before the next task begins, and lines are only ever appended. Whoever kills the run loses the
task that was being worked on, and nothing else. One program at a time writes to a folder.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from filelock import FileLock, Timeout

from demiurgic.agent.sessions.values import from_json, to_json
from demiurgic.errors import BadEvaluationFile, UserError, WorkError
from demiurgic.evaluation.agents.running import Run
from demiurgic.messages import Json
from demiurgic_models.files import sync, write_beside

_MANIFEST, _JOURNAL = "manifest.json", "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that decides what a run comes to. Which tasks and how many seeds may grow from one start to the next."""

    model: str
    weights: str
    """SHA-256 of the model's file; empty for one that is not on this machine."""
    engine: str
    grammar: bool
    reply_tokens: int
    context: int | None
    temperature: float | None
    threads: int | None
    sandbox: str
    suite: str
    """SHA-256 over all files of the whole suite."""
    version: int = 1


class Journal:
    """A run's folder, held open. Raises UserError where it is another run's, or somebody else's now."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "journal.lock")
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(f"another program writes to {folder}", "wait for it, or name another --out") from error
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error.strerror}", "name another --out") from error
        try:
            _settle(folder / _MANIFEST, manifest)
            self.runs, whole = read_runs(folder)
            self._file = (folder / _JOURNAL).open("ab")
            self._file.truncate(whole)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._lock.release()

    def add(self, run: Run) -> None:
        """A task is done."""
        try:
            self._file.write(json.dumps(to_json(run)).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise WorkError(f"{self.folder / _JOURNAL} cannot be written: {error.strerror}") from error
        self.runs[run.task, run.seed] = run


def read_runs(folder: Path) -> tuple[dict[tuple[str, int], Run], int]:
    """What is done, by task and seed, and how many bytes of the journal are whole lines. The latest line counts."""
    path = folder / _JOURNAL
    runs: dict[tuple[str, int], Run] = {}
    whole = 0
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True) if path.exists() else (), 1):
        if not line.endswith(b"\n"):
            break
        try:
            run: Run = from_json(Run, json.loads(line))
        except (ValueError, RecursionError) as error:
            raise BadEvaluationFile(f"{path}, line {number} is damaged: {error}") from error
        runs[run.task, run.seed] = run
        whole += len(line)
    return runs, whole


def _settle(path: Path, manifest: Manifest) -> None:
    """Write the manifest, or make sure that the one that is there says the same."""
    if not path.exists():
        write_beside(path, json.dumps(asdict(manifest), indent=2) + "\n")
        sync(path.parent)
        return
    try:
        there: Json = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadEvaluationFile(f"{path} cannot be read: {error}", "name another --out") from error
    found = cast("dict[str, Json]", there) if isinstance(there, dict) else {}
    for name, ours in asdict(manifest).items():
        if found.get(name) != ours:
            raise UserError(
                f"{path.parent} holds another run: its {name} is {found.get(name)!r} instead of {ours!r}",
                "name another folder with --out",
            )
