"""`demiurgic data split`: rows for training, validation and testing, and no leak between them."""

import argparse
from pathlib import Path

from demiurgic.config import Settings
from demiurgic.errors import UserError

HELP = "divide rows for training, validation and testing"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="FILE", help="conversations or pairs of any known form")
    add("--out", type=Path, required=True, metavar="DIR", help="gets train.jsonl, validation.jsonl and test.jsonl")
    add("--ratio", default="8:1:1", metavar="8:1:1", help="how many go where; of two shares the second is validation's")
    add("--together", default="page", metavar="NAME", help="rows alike in this field of meta stay together")
    add("--stratify", metavar="NAME", help="divide the classes of this field of meta each for itself")
    add("--seed", type=int, default=0, metavar="N", help="another one divides otherwise")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Divide, and tell what went where."""
    from demiurgic.cli.screen import console
    from demiurgic_training.files import BadLine
    from demiurgic_training.formats import read_file
    from demiurgic_training.screen import Complaints
    from demiurgic_training.sides import write_sides
    from demiurgic_training.splitting import divide, member_of, parse_ratio

    ratio, complaints = parse_ratio(options.ratio), Complaints()
    members = [
        member_of(item, options.together, options.stratify)
        for path in options.sources
        for item in complaints.sorted_out(read_file(path))
    ]
    complaints.sum_up()
    if not members:
        raise UserError("there are no rows to divide", "name a file of conversations, one a line")
    sides = divide(members, ratio, options.seed)
    again = (item for path in options.sources for item in read_file(path) if not isinstance(item, BadLine))
    counts = write_sides(options.out, zip(again, sides, strict=True), ratio)
    console().print(f"{', '.join(f'{name} {count}' for name, count in counts.items())}: {options.out}", markup=False)
    return 0
