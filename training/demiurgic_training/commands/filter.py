"""`demiurgic data filter`: keeps what is worth learning, and says of everything else why it is gone."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError

if TYPE_CHECKING:
    from demiurgic.evaluation.verdicts import Judging
    from demiurgic_training.filtering import Plan

HELP = "drop what is not worth learning: by quality, duplicates, contamination, execution"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="FILE", help="conversations of any known form")
    add("--out", type=Path, required=True, metavar="FILE.jsonl", help="where those go that are kept")
    add("--form", metavar="NAME", help="the files' form (default: what each line looks like)")
    add("--without", action="append", default=[], metavar="NAME", help="leave a filter out; may be repeated")
    add("--shortest", type=int, metavar="N", help="letters that an answer must have (default: 20)")
    add("--duplicates", choices=("near", "exact", "keep"), default="near", help="which to drop (default: near)")
    add("--alike", type=float, default=0.7, metavar="SHARE", help="from where on rows are near (default: 0.7)")
    add("--against", action="append", type=Path, metavar="FILE", help="keep out what it holds, instead of HumanEval")
    add("--contaminated", action="store_true", help="do not look for what models are measured with")
    add("--run", dest="execute", action="store_true", help="run code that has tests, in the sandbox")
    add("--keep-failing", action="store_true", help="with --run: record verdicts and drop nothing for them")
    add("--workers", type=int, metavar="N", help="processes (default: one a core)")
    add("--ray", metavar="ADDRESS", help="work on the nodes of this Ray cluster; auto: a local one")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Filter, and tell what is gone for which reason."""
    try:
        import datasketch  # noqa: F401 # pyright: ignore[reportUnusedImport, reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise MissingExtra("what compares rows", "data") from error
    from demiurgic.cli.screen import console
    from demiurgic_training.filtering import filter_files
    from demiurgic_training.screen import counting, told_of

    plan = _plan(options)
    judging = partial(_judging, options, settings) if options.execute else None
    with counting("filtering") as report:
        tally = filter_files(plan, judging, report)
    for part in told_of(tally, plan.out, plan.dropped):
        console().print(part)
    return 0


def _plan(options: argparse.Namespace) -> "Plan":
    from demiurgic_training.decontamination import human_eval, references_in
    from demiurgic_training.filtering import Plan
    from demiurgic_training.filters import USUAL, without
    from demiurgic_training.filters.length import SHORTEST, Short
    from demiurgic_training.formats import reader_of
    from demiurgic_training.sifting import Sieve
    from demiurgic_training.spreading import Where

    _check(options)
    reader_of(options.form)
    shortest = SHORTEST if options.shortest is None else options.shortest
    filters = tuple(Short(shortest) if isinstance(each, Short) else each for each in without(options.without, USUAL))
    files: list[Path] | None = options.against
    found = human_eval() if files is None else (held for path in files for held in references_in(path))
    references = () if options.contaminated else tuple(found)
    return Plan(
        sources=tuple(options.sources),
        out=options.out,
        sieve=Sieve(filters, options.form, references),
        where=Where(options.workers, options.ray),
        alike=options.alike if options.duplicates == "near" else None,
        keep_duplicates=options.duplicates == "keep",
        keep_failing=options.keep_failing,
    )


def _check(options: argparse.Namespace) -> None:
    if not 0 < options.alike <= 1:
        raise UserError(f"--alike is {options.alike:g}; it is a share, more than 0 and at most 1")
    if (options.workers is not None and options.workers < 1) or (options.shortest or 0) < 0:
        raise UserError("--workers must be at least 1, and --shortest at least 0")
    if options.keep_failing and not options.execute:
        raise UserError("--keep-failing says what becomes of code that was run", "add --run")


def _judging(options: argparse.Namespace, settings: Settings) -> "Judging":
    if options.ray is not None:
        from demiurgic.evaluation.spreading import RayJudging

        return RayJudging(options.ray, settings.sandbox)
    from demiurgic.cli.screen import console
    from demiurgic.evaluation.executing import open_judging

    judging = open_judging(settings, options.workers)
    if judging.warning:
        console().print(f"WARNING: {judging.warning}", style="bold red")
    return judging
