"""`demiurgic data preview`: some rows in colour, and what each filter would drop of them."""

import argparse
from pathlib import Path

from demiurgic.config import Settings
from demiurgic.errors import UserError

HELP = "show some rows, and what each filter drops and why"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="FILE", help="conversations of any known form")
    add("--form", metavar="NAME", help="the files' form (default: what each line looks like)")
    add("--samples", type=int, default=3, metavar="N", help="rows to show of those that are kept (default: 3)")
    add("--dropped", type=int, default=1, metavar="N", help="rows to show of each filter's (default: 1)")
    add("--seed", type=int, default=0, metavar="N", help="another one shows others")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Look through everything, and show a part of it."""
    from demiurgic.cli.screen import console
    from demiurgic_training.decontamination import Decontamination, human_eval
    from demiurgic_training.filters import USUAL
    from demiurgic_training.formats import read_conversations
    from demiurgic_training.previewing import look_through, shown
    from demiurgic_training.screen import Complaints, some

    if options.samples < 0 or options.dropped < 0:
        raise UserError("--samples and --dropped are how many to show: at least 0")
    complaints = Complaints()
    rows = (row for path in options.sources for row in complaints.sorted_out(read_conversations(path, options.form)))
    filters = (*USUAL, Decontamination(human_eval()))
    looked = look_through(some(rows), filters, options.samples, options.dropped, options.seed)
    for part in shown(looked):
        console().print(part)
    complaints.sum_up()
    return 0
