"""`demiurgic data qa`: questions and answers about pages, each resting on a passage of its page."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic_training.web.asking import Standing

HELP = "write questions and answers that rest on pages"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="what crawl or clean wrote, or a folder of text files")
    parser.add_argument(
        "--model", metavar="M", help="registry name, .gguf file, openai:NAME, anthropic:NAME or URL#NAME"
    )
    parser.add_argument("--out", type=Path, default=Path("qa.jsonl"), metavar="FILE", help="the rows (qa.jsonl)")
    parser.add_argument("--pairs", type=int, default=3, metavar="N", help="asked for of each portion, at most (3)")
    parser.add_argument(
        "--letters", type=int, default=1500, metavar="N", help="of a page shown at once, at most (1500)"
    )
    parser.add_argument("--pages", type=int, metavar="N", help="only the first N pages")
    parser.add_argument("--system", default="", metavar="TEXT", help="what stands above each question in its row")
    parser.add_argument("--parallel", type=int, metavar="N", help="portions asked about at once (4)")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Ask what was not asked before, then say what was kept."""
    from demiurgic.cli.screen import console
    from demiurgic_training.web.asking import Wish, write_rows
    from demiurgic_training.web.models import opened
    from demiurgic_training.web.pages import read_index
    from demiurgic_training.web.questions import Questioner
    from demiurgic_training.web.showing import moving

    _check(options)
    read_index(options.folder)  # what is wrong with it is said before a model is loaded
    with opened(settings, options.model, options.parallel) as (model, at_once), moving() as show:
        wish = Wish(options.letters, at_once, options.system, options.pages)
        questioner = Questioner(model, options.pairs)
        standing = write_rows(options.folder, options.out, questioner, wish, lambda standing: show(_line(standing)))
    console().print(f"{_told(standing)}\nrows: {options.out}", markup=False)
    return 0


def _check(options: argparse.Namespace) -> None:
    for name, least in (("pairs", 1), ("letters", 200), ("pages", 1), ("parallel", 1)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise UserError(f"--{name} is {value}; at least {least} is expected", f"--{name} {least}")
    if options.out.is_dir():
        raise UserError(f"{options.out} is a folder", "name a file with --out")
    if not options.out.parent.is_dir():
        raise UserError(f"there is no folder {options.out.parent}", "make it, or name another file with --out")


def _line(standing: "Standing") -> str:
    return f"{standing.done} of {standing.wanted} portions, {standing.rows} kept, {standing.dropped.total()} dropped"


def _told(standing: "Standing") -> str:
    lines = [f"{standing.rows} questions and answers from {standing.wanted} portions of pages"]
    lines += [f"{count:>6} dropped: {reason}" for reason, count in standing.dropped.most_common()]
    return "\n".join(lines)
