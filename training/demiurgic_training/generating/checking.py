"""Whether an answer passes the tests of its task, and whether these tests could fail at all."""

from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from demiurgic.config import Settings
from demiurgic_training.execution import Proving, Ruling
from demiurgic_training.filtering import trial_of
from demiurgic_training.rows import Row

PASS = "pass"
CANNOT_FAIL = "cannot fail"
MEMORY = "verdicts.jsonl"


class Checking(Protocol):
    """Runs answers. For many threads."""

    def ruling(self, row: Row) -> Ruling | None:
        """What running the answer with its tests came to; None where there are none. Raises SandboxError."""
        ...


class SandboxChecking:
    """Satisfies `Checking`. Remembers what it ran."""

    def __init__(self, proving: Proving) -> None:
        self._proving = proving

    def ruling(self, row: Row) -> Ruling | None:
        """Run one row."""
        trial = trial_of(row)
        return next((ruling for _, ruling in self._proving.rule([trial])), None) if trial else None


def open_checking(folder: Path, settings: Settings, opened: ExitStack) -> SandboxChecking:
    """A sandbox to run tests in, which remembers its verdicts in a folder. Raises SandboxError."""
    from demiurgic.evaluation.executing.executor import Executor
    from demiurgic.evaluation.executing.houses import open_house

    judging = Executor(house=open_house(settings.sandbox))
    opened.callback(judging.close)
    return SandboxChecking(opened.enter_context(Proving(judging, folder / MEMORY)))


def verdict_of(ruling: Ruling) -> str:
    """In two words: a pass of tests that wrong code passes as well is none."""
    return CANNOT_FAIL if ruling.passed and not ruling.proven else ruling.outcome
