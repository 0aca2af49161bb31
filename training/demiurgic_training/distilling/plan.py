"""The whole loop as values: who is taught by whom, from which tasks, how, and what is measured in the end.

One class a section of the YAML file. Each field's help stands beside its type; the sections of training are those of
`demiurgic train`. Paths are taken from the folder in which the command is started.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from demiurgic.errors import UserError
from demiurgic_training.exporting.wish import Quantisation
from demiurgic_training.tuning.recipe import Adapter, Between, Optimiser, Overlong, Running, Weights

FUNCTIONS, HUMANEVAL, TAXONOMY, SNIPPETS = "functions", "humaneval", "taxonomy", "snippets:"
GGUF, TINY = "gguf:", "tiny-glm"


@dataclass(frozen=True, slots=True)
class Tasks:
    """What is learned from."""

    source: Annotated[
        str,
        "functions (small ones, made here), taxonomy or snippets:FOLDER (a teacher invents tasks and their tests), or "
        "a file of tasks with tests",
    ] = TAXONOMY
    count: Annotated[int, "how many at most", Between(1)] = 1000
    seed: Annotated[int, "another number draws others"] = 0


@dataclass(frozen=True, slots=True)
class Problems:
    """What base and student are examined in. It is kept out of everything that is learned from."""

    source: Annotated[str, "humaneval, functions, or a file of problems in HumanEval's format"] = HUMANEVAL
    count: Annotated[int | None, "the first so many only", Between(1)] = None
    prompt: Annotated[str, "how a problem is put (demiurgic eval humaneval --prompt); tasks are put the same way"] = (
        "chat"
    )
    max_tokens: Annotated[int, "longest answer", Between(1)] = 1024
    parallel: Annotated[int, "answers that are written together", Between(1)] = 4


@dataclass(frozen=True, slots=True)
class Answers:
    """How tasks are answered: by the student first, by the teacher where all tries of the student failed."""

    tries: Annotated[int, "of the student at each task", Between(1)] = 4
    temperature: Annotated[float, "of student and teacher", Between(0, 2)] = 0.8
    max_tokens: Annotated[int, "longest answer", Between(1)] = 1024
    parallel: Annotated[int, "questions that are asked at once", Between(1)] = 8
    budget: Annotated[tuple[str, ...], "the most to spend, once for each currency: 50usd"] = ()
    price: Annotated[
        str, "what the teacher takes for a million tokens, prompt/answer, where that is not known: 3/15usd; 0/0usd"
    ] = ""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is left out of what is learned, besides answers that fail, and all that resembles a problem."""

    duplicates: Annotated[str, "near, exact or keep"] = "near"
    shortest: Annotated[int, "letters that an answer must have", Between()] = 20


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long rows may be. How they are taught stands in `weights`, `optimiser` and `running`."""

    max_length: Annotated[int, "longest row in tokens", Between(8)] = 2048
    overlong: Annotated[Overlong, "what becomes of longer rows: refuse to begin, drop them, or clip their ends"] = (
        Overlong.DROP
    )


@dataclass(frozen=True, slots=True)
class Exporting:
    """What is made of the student in the end."""

    quantisations: Annotated[tuple[Quantisation, ...], "forms of its weights; the base is measured in the first"] = (
        Quantisation.F16,
        Quantisation.Q8_0,
        Quantisation.Q4_K_M,
    )
    name: Annotated[str, "what `--model` calls it afterwards"] = "student"
    register: Annotated[bool, "make that name known to `--model`"] = True


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides a loop."""

    student: Annotated[
        str, "folder of a checkpoint, its name on the Hugging Face hub, gguf:NAME, or tiny-glm, which is made here"
    ]
    teacher: Annotated[str, "any model that `--model` knows: a registry name, a .gguf file, anthropic:NAME, ..."]
    out: Annotated[Path, "folder of the loop"]
    tasks: Tasks = field(default_factory=Tasks)
    problems: Problems = field(default_factory=Problems)
    answers: Answers = field(default_factory=Answers)
    cleaning: Cleaning = field(default_factory=Cleaning)
    lengths: Lengths = field(default_factory=Lengths)
    weights: Weights = field(default_factory=Weights)
    optimiser: Optimiser = field(default_factory=Optimiser)
    running: Running = field(default_factory=Running)
    exporting: Exporting = field(default_factory=Exporting)


def read_plan(path: Path, overrides: Sequence[str] = ()) -> Plan:
    """The plan of a file, or of a preset by its bare name, in which each `key=value` replaces what it says.

    Raises UserError for whatever is wrong with either.
    """
    from demiurgic_training.tuning.presets import loops
    from demiurgic_training.tuning.reading import read_as

    file = path if path.is_file() else loops().get(str(path))
    if file is None:
        raise UserError(f"there is no file {path}, and no loop of this name", f"loops are {', '.join(loops())}")
    plan = read_as(Plan, file, overrides)
    _check(plan)
    return plan


def _check(plan: Plan) -> None:
    """What can be known of it before the first stage is paid for."""
    from demiurgic_training.exporting.registering import check_name
    from demiurgic_training.teachers.money import parse_budget

    if not plan.exporting.quantisations:
        raise UserError("no form of the student is wanted", "exporting.quantisations: [F16, Q8_0]")
    if plan.cleaning.duplicates not in ("near", "exact", "keep"):
        raise UserError(f"cleaning.duplicates is {plan.cleaning.duplicates!r}", "it is near, exact or keep")
    if plan.weights.kind is Adapter.PTUNING:
        raise UserError("P-tuning v2 cannot be merged, so that nothing could be exported", "say weights.kind=lora")
    parse_budget(plan.answers.budget)
    check_name(plan.exporting.name, plan.exporting.quantisations)
