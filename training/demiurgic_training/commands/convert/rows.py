"""`demiurgic data convert rows`: conversations and pairs of any known form, as ours."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic_training.files import BadLine
    from demiurgic_training.rows import Pair, Row

HELP = "conversations and pairs of any known form, as ours"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add_sources(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl", help="where they go")


def add_sources(parser: argparse.ArgumentParser) -> None:
    """What is read, for all who read any form."""
    add = parser.add_argument
    add("sources", nargs="+", metavar="FILE", help="JSON lines, a JSON array, a dataset's folder, or hf:NAME")
    add("--form", metavar="NAME", help="the files' form (default: what each line looks like)")
    add("--split", default="train", metavar="NAME", help="of a dataset (default: train)")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Convert, and tell how many there were."""
    from demiurgic.cli.screen import console
    from demiurgic_training.files import write_items
    from demiurgic_training.screen import Complaints, some

    complaints = Complaints()
    count = write_items(options.out, some(complaints.sorted_out(read_sources(options, settings))))
    complaints.sum_up()
    console().print(f"{count} rows: {options.out}", markup=False)
    return 0


def read_sources(options: argparse.Namespace, settings: Settings) -> "Iterator[Row | Pair | BadLine]":
    """Everything in all sources. A folder is a dataset, and so is what is named as one of the hub."""
    from demiurgic_training.formats import read_file, reader_of
    from demiurgic_training.formats.hugging_face import HUB, read_dataset

    for source in options.sources:
        if source.startswith(HUB) and settings.offline:
            raise UserError(f"{source} is on the hub, and offline mode is on", "name a file or a folder")
        if source.startswith(HUB) or Path(source).is_dir():
            yield from read_dataset(source, reader_of(options.form), options.split)
        else:
            yield from read_file(Path(source), options.form)
