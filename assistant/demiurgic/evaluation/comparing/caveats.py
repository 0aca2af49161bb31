"""What makes a comparison less than it looks: runs that were made differently, or not of the same tasks."""

from collections.abc import Iterator, Sequence

from demiurgic.evaluation.comparing.loading import ScoredRun

_SAME = {
    "prompt": "prompts",
    "problems_digest": "problems",
    "temperature": "temperatures",
    "top_p": "values of top-p",
    "max_tokens": "limits of the answer",
    "scorer": "versions of the scorer",
}
"""What must be the same for a difference to be the model's, as manifests name it."""
_UNTOLD = frozenset({"problems_digest"})


def caveats(runs: Sequence[ScoredRun], tasks: Sequence[str]) -> Iterator[str]:
    """A sentence for each of them."""
    yield from _coverage(runs, tasks)
    yield from _samples(runs, tasks)
    yield from _making(runs)


def _coverage(runs: Sequence[ScoredRun], tasks: Sequence[str]) -> Iterator[str]:
    if any(len(run.tasks) > len(tasks) for run in runs):
        counts = ", ".join(f"{run.letter} {len(run.tasks)}" for run in runs)
        yield f"only the {len(tasks)} tasks that all runs have are compared; there are {counts}"


def _samples(runs: Sequence[ScoredRun], tasks: Sequence[str]) -> Iterator[str]:
    for run in runs:
        counts = {len(run.tasks[task]) for task in tasks}
        if len(counts) > 1:
            yield f"{run.letter} has {min(counts)} to {max(counts)} samples a task; each task counts alike"


def _making(runs: Sequence[ScoredRun]) -> Iterator[str]:
    unknown = [run.letter for run in runs if not run.manifest]
    if unknown:
        yield f"nothing is known of how {' and '.join(unknown)} {'was' if len(unknown) == 1 else 'were'} made"
    known = [run for run in runs if run.manifest]
    for key, words in _SAME.items():
        told = {run.letter: run.manifest[key] for run in known if key in run.manifest}
        if len({repr(value) for value in told.values()}) > 1:
            values = "" if key in _UNTOLD else ": " + ", ".join(f"{letter} {value}" for letter, value in told.items())
            yield f"different {words}{values}"
    if _differ(known, "prompt_digest") and not _differ(known, "prompt"):
        yield "different wordings of the prompt under the same name"


def _differ(runs: Sequence[ScoredRun], key: str) -> bool:
    return len({repr(run.manifest[key]) for run in runs if key in run.manifest}) > 1
