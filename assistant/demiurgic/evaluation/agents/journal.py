"""What a run over a suite has come to so far: a folder with a manifest and one line for each task that is done.

A line is on the disk before the next task begins, and lines are only ever appended. Whoever kills the run loses the
task that was being worked on, and nothing else. One program at a time writes to a folder.
"""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from demiurgic.agent.sessions.values import from_json, to_json
from demiurgic.evaluation.agents.running import Run
from demiurgic.evaluation.lines import Lines, Row
from demiurgic.evaluation.manifest import settle

_JOURNAL = "journal.jsonl"


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
        self.runs: dict[tuple[str, int], Run] = {}
        self._lines = Lines(folder / _JOURNAL, lambda row: _take(row, self.runs))
        try:
            settle(folder, manifest)
        except BaseException:
            self._lines.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()

    def add(self, run: Run) -> None:
        """A task is done."""
        self._lines.append(to_json(run))
        self.runs[run.task, run.seed] = run


def _take(row: Row, runs: dict[tuple[str, int], Run]) -> None:
    run: Run = from_json(Run, row)
    runs[run.task, run.seed] = run
