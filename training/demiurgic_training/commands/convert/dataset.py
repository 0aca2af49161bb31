"""`demiurgic data convert dataset`: rows, or pairs, as a dataset of Hugging Face's library."""

import argparse
from pathlib import Path

from demiurgic.config import Settings
from demiurgic_training.commands.convert.rows import add_sources, read_sources

HELP = "rows, or pairs, as a dataset of Hugging Face's library"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add_sources(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where it is saved; not there yet")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Convert, and tell how many there were."""
    from demiurgic.cli.screen import console
    from demiurgic_training.formats.hugging_face import write_dataset
    from demiurgic_training.screen import Complaints, some

    complaints = Complaints()
    count = write_dataset(options.out, some(complaints.sorted_out(read_sources(options, settings))))
    complaints.sum_up()
    console().print(f"{count} rows: {options.out}", markup=False)
    return 0
