"""A comparison as one HTML file that needs nothing else: no network, no fonts, and a script that only hides tasks.

The page's own policy forbids every script but that one, so that no completion could run even if it were not escaped.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from demiurgic.evaluation.comparing.loading import ScoredRun
from demiurgic.evaluation.comparing.pairing import Comparison, passed_of
from demiurgic.evaluation.comparing.showing import code, code_colours
from demiurgic.evaluation.comparing.wording import in_points, in_words, kind, percent, percents, reach
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.results import Scored
from demiurgic.workspace.shown import visible_name

_TOLD = ("weights", "prompt", "temperature", "samples", "seed", "engine")


@dataclass(frozen=True, slots=True)
class _Cell:
    """What one run made of one task. Of many samples the first that passed and the first that failed are shown."""

    letter: str
    passed: int
    samples: int
    kinds: tuple[str, ...]
    shown: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One task. `marks` are what the page can be filtered by."""

    task: str
    cells: tuple[_Cell, ...]
    prompt: str
    marks: tuple[str, ...]


def page(comparison: Comparison, problems: Mapping[str, Problem] | None = None) -> str:
    """The whole page. With the problems, each task shows what was asked."""
    style = Markup(_part("page.css") + code_colours())
    script = Markup(_part("page.js"))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "visible": visible_name,
        "code": code,
        "kind": kind,
        "percent": percent,
        "percents": percents,
        "points": in_points,
        "reach": reach,
    }
    return environment.from_string(_part("page.html")).render(
        comparison=comparison,
        rows=[_row(comparison, task, problems or {}) for task in comparison.tasks],
        kinds=_kinds(comparison),
        told=[(run, _told(run)) for run in comparison.runs],
        sentences=[in_words(difference, comparison) for difference in comparison.differences],
        style=style,
        script=script,
        script_digest=_digest(script),
    )


def _row(comparison: Comparison, task: str, problems: Mapping[str, Problem]) -> _Row:
    cells = tuple(_cell(run, task) for run in comparison.runs)
    marks = [f"{each.run.letter}-gained" for each in comparison.differences if task in each.gained]
    marks += [f"{each.run.letter}-lost" for each in comparison.differences if task in each.lost]
    if all(cell.passed == cell.samples for cell in cells):
        marks.append("all-pass")
    if not any(cell.passed for cell in cells):
        marks.append("none-pass")
    marks += sorted({f"kind-{name}" for cell in cells for name in cell.kinds})
    prompt = problems[task].prompt if task in problems else ""
    return _Row(task, cells, prompt, tuple(marks))


def _cell(run: ScoredRun, task: str) -> _Cell:
    samples = run.tasks[task]
    passed, count = passed_of(run, task)
    shown = [next((each for each in samples if each.verdict.passed is wanted), None) for wanted in (True, False)]
    kinds = Counter(each.verdict.outcome.value for each in samples)
    return _Cell(run.letter, passed, count, tuple(kinds), tuple(each for each in shown if each))


def _kinds(comparison: Comparison) -> list[tuple[str, list[int]]]:
    """How often each outcome occurs in each run, the most frequent first."""
    counts = [
        Counter(each.verdict.outcome.value for task in comparison.tasks for each in run.tasks[task])
        for run in comparison.runs
    ]
    total = sum(counts, Counter[str]())
    return [(name, [count[name] for count in counts]) for name, _ in total.most_common()]


def _told(run: ScoredRun) -> Sequence[tuple[str, str]]:
    return [(key, str(run.manifest[key])) for key in _TOLD if run.manifest.get(key) not in (None, "")]


def _part(name: str) -> str:
    return files("demiurgic.evaluation.comparing").joinpath(name).read_text("utf-8")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
