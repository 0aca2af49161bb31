"""A whole suite, task by task, going on where it was left.

A run in which the model itself failed is written down, and done again on the next start; after three in a row there is
nothing to be learnt and the run ends.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from demiurgic.errors import EngineError
from demiurgic.evaluation.agents.journal import Journal
from demiurgic.evaluation.agents.running import Run, Setting, run_task
from demiurgic.evaluation.agents.tasks import Task
from demiurgic.sandbox.remove import remove_tree

_MOST_BROKEN = 3


def evaluate(tasks: Sequence[Task], seeds: int, setting: Setting, journal: Journal) -> Iterator[Run]:
    """Each run of each task that is not in the journal yet, when it is."""
    work = (journal.folder / "work").absolute()
    _clear(work)  # what a killed run left
    broken = 0
    for seed, task in product(range(seeds), tasks):
        before = journal.runs.get((task.id, seed))
        if before is not None and not before.broke:
            continue
        try:
            run = run_task(task, seed, setting, work)
            _keep_conversation(work, journal.folder / "conversations" / f"{task.kind}-{task.name}-{seed}.jsonl")
        finally:
            _clear(work)
        journal.add(run)
        yield run
        broken = broken + 1 if run.broke else 0
        if broken == _MOST_BROKEN:
            raise EngineError(
                f"{broken} tasks in a row ended because the model failed: {run.took.problem}",
                "mend it and start again: what is done is kept",
            )


def _keep_conversation(work: Path, place: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    (work / "conversation.jsonl").replace(place)


def _clear(work: Path) -> None:
    if work.exists():
        remove_tree(work)
