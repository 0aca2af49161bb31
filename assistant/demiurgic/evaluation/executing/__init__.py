"""Runs candidate programs and proves that they pass: who judges is apart from who answers, and only data crosses."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demiurgic.config import Settings
    from demiurgic.evaluation.executing.executor import Executor


def open_judging(settings: "Settings", workers: int | None = None) -> "Executor":
    """What judges candidates in the kind of sandbox that the settings name. Raises SandboxError where it does not
    hold."""
    from demiurgic.evaluation.executing.executor import Executor
    from demiurgic.evaluation.executing.houses import open_house

    return Executor(workers, house=open_house(settings.sandbox))
