"""`demiurgic data clean`: takes from pages what is not their own text."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic_training.web.cleaning import Report

HELP = "take from pages what is not their own text"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="what crawl wrote, or a folder of text files")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where clean pages go (DIR-clean)")
    parser.add_argument(
        "--model", metavar="M", help="let a model go over what the rules leave; it can only take lines away"
    )
    parser.add_argument("--parallel", type=int, metavar="N", help="pages that the model is asked about at once (4)")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Clean all pages, then say what was taken."""
    from demiurgic.cli.screen import console
    from demiurgic_training.web.cleaning import Picking, clean_pages, make_target
    from demiurgic_training.web.picking import Picker
    from demiurgic_training.web.showing import moving

    if options.parallel is not None and options.parallel < 1:
        raise UserError("--parallel must be at least 1")
    source: Path = options.folder
    target: Path = options.out or source.with_name(f"{source.resolve().name}-clean")
    make_target(source, target)
    with ExitStack() as stack:
        picking = None
        if options.model:
            from demiurgic_training.web.models import opened

            model, at_once = stack.enter_context(opened(settings, options.model, options.parallel))
            picking = stack.enter_context(Picking(Picker(model), at_once, target))
        show = stack.enter_context(moving())
        report = clean_pages(source, target, picking, lambda done, of: show(f"{done} of {of} pages"))
    console().print(f"{_told(report)}\npages: {target}", markup=False)
    return 0


def _told(report: "Report") -> str:
    before, after = report.letters
    share = f", {100 * after / before:.0f} % of their text" if before else ""
    lines = [f"{report.pages} pages left{share}"]
    lines += [f"{count:>6} lines: {name}" for name, count in report.taken.most_common()]
    lines += [f"{report.emptied:>6} pages of which nothing is left"] * bool(report.emptied)
    lines += [f"{report.unheard:>6} answers of the model that could not be followed"] * bool(report.unheard)
    return "\n".join(lines)
