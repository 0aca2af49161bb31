"""The stages of a loop: what each needs, what decides it, and its work.

    student    a checkpoint to be taught           train      the student, taught
    base       the same as a GGUF                  export     merged, as GGUF in each form, proven equal
    material   tasks, problems                     examine-*  base and student, each form for itself
    answers    student first, teacher where it     report     all of it on one page
               fails, proven by execution
    clean      filtered, and no problem in it

What is heavy is done by the program's own commands, each in a process of its own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from demiurgic.compose import local_file
from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError
from demiurgic.evaluation.prompts import prompt_form
from demiurgic.evaluation.report import RESULTS
from demiurgic.messages import Json, JsonObject
from demiurgic_models.store import checksum
from demiurgic_training.distilling.material import invented, write_material
from demiurgic_training.distilling.plan import FUNCTIONS, GGUF, HUMANEVAL, SNIPPETS, TAXONOMY, TINY, Plan
from demiurgic_training.distilling.records import Made, Outcome, digest_of
from demiurgic_training.distilling.report import write_page
from demiurgic_training.distilling.steps import Steps
from demiurgic_training.distilling.told import read_all
from demiurgic_training.exporting.wish import Quantisation
from demiurgic_training.generating.snippets import load_snippets
from demiurgic_training.tuning.folder import RunFolder
from demiurgic_training.tuning.reading import write_recipe
from demiurgic_training.tuning.recipe import Data, Recipe

BASE, STUDENT = "examine-base", "examine-"
CLEANED, DROPPED = "rows.jsonl", "rows.dropped.jsonl"


@dataclass(frozen=True, slots=True)
class Job:
    """One stage's work: where, with what, and by whose hands."""

    plan: Plan
    settings: Settings
    folder: Path
    needs: Mapping[str, Made]
    steps: Steps


@dataclass(frozen=True, slots=True)
class Stage:
    """What is done, what for, and what decides how it ends."""

    name: str
    about: str
    work: Callable[[Job], Outcome]
    needs: tuple[str, ...] = ()
    decided_by: JsonObject = field(default_factory=dict[str, Json])


def stages_of(plan: Plan, settings: Settings) -> list[Stage]:
    """All of them, each behind those that it needs. Raises UserError where a file or a model is not there."""
    examined = {BASE: ("base", plan.exporting.quantisations[0])}
    examined |= {f"{STUDENT}{form.lower()}": ("export", form) for form in plan.exporting.quantisations}
    how = {**_held(plan.problems), "count": None}
    return [
        Stage("student", "a checkpoint to be taught", _student, decided_by=_beginning(plan, settings)),
        Stage("base", "the same as a GGUF", _base, ("student",), {"form": plan.exporting.quantisations[0]}),
        Stage("material", "tasks, and problems to be examined in", _material, decided_by=_sources(plan)),
        Stage("answers", "by the student, or by the teacher", _answers, ("base", "material"), _asking(plan, settings)),
        Stage(
            "clean", "filtered, run again, and no problem in it", _clean, ("answers", "material"), _held(plan.cleaning)
        ),
        Stage("train", "the student is taught", _train, ("student", "clean"), _teaching(plan)),
        Stage("export", "merged, exported, proven equal", _export, ("train",), _held(plan.exporting)),
        *(
            Stage(name, f"{what} in {form}", partial(_examine, what, form), (what, "material"), how)
            for name, (what, form) in examined.items()
        ),
        Stage(
            "report",
            "all of it on one page",
            partial(_report, tuple(examined)),
            ("student", "base", "material", "answers", "clean", "train", "export", *examined),
            {"plan": _held(plan)},
        ),
    ]


def _student(job: Job) -> Outcome:
    name = job.plan.student
    if name.startswith(GGUF):
        file = local_file(job.settings, name.removeprefix(GGUF))
        job.steps.module("demiurgic_training.distilling.begin", file or name, job.folder / "model")
        return Outcome({"model": job.folder / "model"})
    if name == TINY:
        return _schooled(job)
    if Path(name).is_dir():
        return Outcome({"model": Path(name).resolve()})
    from demiurgic_training.tuning.sources import located

    return Outcome({"model": located(name)})


def _schooled(job: Job) -> Outcome:
    """A tiny student of our own, which learns a little before it is one."""
    from demiurgic_training.distilling.school import first_lessons

    recipe, written = first_lessons(job.folder), job.folder / "recipe.yaml"
    if not written.exists():
        job.steps.module("demiurgic_training.distilling.school", job.folder, job.plan.problems.prompt)
        write_recipe(recipe, written)
    _taught(job, written, RunFolder(recipe.out))
    return Outcome({"model": RunFolder(recipe.out).model})


def _taught(job: Job, recipe: Path, run: RunFolder) -> None:
    """By `demiurgic train`, from the latest checkpoint on if there is one."""
    begun = any(run.checkpoints.glob("checkpoint-*"))
    job.steps.command("train", recipe, "--yes", *(["--resume"] if begun else []))


def _base(job: Job) -> Outcome:
    form = job.plan.exporting.quantisations[0]
    out = job.folder / "export"
    source, name = job.needs["student"].file("model"), f"{job.plan.exporting.name}-base"
    job.steps.command("export", source, "--quant", form, "--out", out, "--name", name, "--no-register")
    return Outcome({form: _gguf(out, form)})


def _material(job: Job) -> Outcome:
    made = write_material(job.plan, job.folder)
    files = {"problems": made.problems, "references": made.references}
    return Outcome(files | ({"tasks": made.tasks} if made.tasks else {}), made.counts)


def _answers(job: Job) -> Outcome:
    plan, answers, out = job.plan, job.plan.answers, job.folder / "generated"
    form = prompt_form(plan.problems.prompt)
    job.steps.command(
        *("data", "generate", "--yes", "--tests", "--out", out, "--mix", plan.teacher),
        *("--student", _only(job.needs["base"]), "--student-tries", answers.tries, "--seed", plan.tasks.seed),
        *("--max-tokens", answers.max_tokens, "--temperature", answers.temperature, "--parallel", answers.parallel),
        *("--num-examples", job.needs["material"].facts["tasks"]),
        *_seeds(plan, job.needs["material"]),
        *(("--system", form.system) if form.system else ()),
        *(part for amount in answers.budget for part in ("--budget", amount)),
        *(("--price", f"{plan.teacher}={answers.price}") if answers.price else ()),
    )
    return Outcome({"rows": out / "rows.jsonl", "dropped": out / "dropped.jsonl", "report": out / "report.json"})


def _clean(job: Job) -> Outcome:
    out, wish = job.folder / CLEANED, job.plan.cleaning
    job.steps.command(
        *("data", "filter", job.needs["answers"].file("rows"), "--out", out, "--run"),
        *("--against", job.needs["material"].file("references")),
        *("--duplicates", wish.duplicates, "--shortest", wish.shortest),
    )
    return Outcome({"rows": out, "dropped": job.folder / DROPPED})


def _train(job: Job) -> Outcome:
    plan, run = job.plan, RunFolder(job.folder / "run")
    recipe = Recipe(
        model=str(job.needs["student"].file("model")),
        data=Data(job.needs["clean"].file("rows"), max_length=plan.lengths.max_length, overlong=plan.lengths.overlong),
        out=run.path,
        weights=plan.weights,
        optimiser=plan.optimiser,
        running=plan.running,
    )
    written = job.folder / "recipe.yaml"
    write_recipe(recipe, written)
    _taught(job, written, run)
    return Outcome({"model": run.model, "run": run.path}, digest=digest_of(run.model))


def _export(job: Job) -> Outcome:
    wish, out = job.plan.exporting, job.folder / "export"
    forms = [part for form in wish.quantisations for part in ("--quant", form)]
    registering = [] if wish.register else ["--no-register"]
    job.steps.command("export", job.needs["train"].file("run"), *forms, "--out", out, "--name", wish.name, *registering)
    return Outcome(
        {form: _gguf(out, form) for form in wish.quantisations} | {"folder": out},
        digest=_content(out, wish.quantisations),
    )


def _examine(what: str, form: Quantisation, job: Job) -> Outcome:
    problems, out = job.plan.problems, job.folder / "run"
    job.steps.command(
        *("eval", "humaneval", "--model", job.needs[what].file(form), "--out", out),
        *("--problems", job.needs["material"].file("problems"), "--prompt", problems.prompt),
        *("--max-tokens", problems.max_tokens, "--parallel", problems.parallel),
    )
    return Outcome({"results": out / RESULTS, "report": out / "report.json", "manifest": out / "manifest.json"})


def _report(examined: Sequence[str], job: Job) -> Outcome:
    page = job.folder / "report.html"
    return Outcome({"page": page}, {"verdict": write_page(page, job.plan, read_all(job.needs, examined))})


def _seeds(plan: Plan, material: Made) -> list[str | Path]:
    if not invented(plan):
        return ["--tasks", material.file("tasks")]
    folder = plan.tasks.source.removeprefix(SNIPPETS)
    return ["--seeds", "taxonomy"] if plan.tasks.source == TAXONOMY else ["--snippets", folder]


def _only(made: Made) -> Path:
    return next(iter(made.files.values()))


def _gguf(folder: Path, form: Quantisation) -> Path:
    """The file of one form: an export names it in its ending."""
    found = sorted(folder.glob(f"*{form}.gguf"))
    if not found:
        raise WorkError(f"the export left no {form} in {folder}")
    return found[0]


def _content(folder: Path, forms: Sequence[Quantisation]) -> str:
    """The weights alone: what stands beside them tells of times and places."""
    return "".join(digest_of(_gguf(folder, form)) for form in forms)


def _held(section: Any) -> JsonObject:  # noqa: ANN401 - any dataclass
    """A section of the plan as JSON."""
    return json.loads(json.dumps(asdict(section), default=str))


def _sources(plan: Plan) -> JsonObject:
    """Tasks and problems, each by its content where it is a file."""
    named = {"tasks": plan.tasks.source, "problems": plan.problems.source}
    known = {FUNCTIONS, HUMANEVAL, TAXONOMY}
    files = {
        name: Path(source) for name, source in named.items() if source not in known and not source.startswith(SNIPPETS)
    }
    for name, file in files.items():
        if not file.is_file():
            raise UserError(f"{name}.source is {str(file)!r}, which is no file", "name a file, or see the help of it")
    digests = {f"{name}_file": digest_of(file) for name, file in files.items()}
    problems = {"source": plan.problems.source, "count": plan.problems.count, "prompt": plan.problems.prompt}
    return {**_held(plan.tasks), **digests, "problems": problems}


def _asking(plan: Plan, settings: Settings) -> JsonObject:
    """Money decides how far it goes, and not what is asked: a larger budget goes on where the smaller one ended."""
    teacher = _identity(plan.teacher, settings)
    return {**_held(plan.answers), **_code(plan), "budget": None, "price": None, "teacher": teacher}


def _code(plan: Plan) -> JsonObject:
    """What a teacher is shown to invent tasks by, each file by its content. Raises UserError where there is none."""
    if not plan.tasks.source.startswith(SNIPPETS):
        return {}
    folder = Path(plan.tasks.source.removeprefix(SNIPPETS))
    return {"code": {str(file.relative_to(folder)): digest_of(file) for file in load_snippets(folder).files}}


def _beginning(plan: Plan, settings: Settings) -> JsonObject:
    if plan.student == TINY:
        return {"from": TINY, "prompt": plan.problems.prompt}
    return {"from": _identity(plan.student, settings)}


def _teaching(plan: Plan) -> JsonObject:
    parts = {"lengths": plan.lengths, "weights": plan.weights, "optimiser": plan.optimiser, "running": plan.running}
    return {name: _held(part) for name, part in parts.items()}


def _identity(name: str, settings: Settings) -> str:
    """What is behind a model's name: its content where it is on this machine. Raises UserError."""
    if (folder := Path(name)).is_dir():
        return digest_of(folder)
    if name.startswith(GGUF):
        name = name.removeprefix(GGUF)
    elif "/" in name and not name.endswith(".gguf"):
        return name  # of the hub
    file = local_file(settings, name)
    return checksum(file) if file else name
