"""`demiurgic data convert characters`: talks with a character, who it is being known of the row."""

import argparse
from pathlib import Path

from demiurgic.config import Settings

HELP = "talks with a character"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="FILE.jsonl", help="session_meta and messages, one talk a line")
    add("--out", type=Path, required=True, metavar="FILE.jsonl", help="where they go")
    add("--plain", type=Path, metavar="FILE.jsonl", help="each as CharacterGLM's own text, too")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Convert, and tell how many there were."""
    from demiurgic.cli.screen import console
    from demiurgic_training.convert.characters import plain_text, read_talk
    from demiurgic_training.files import read_as, read_rows, write_items
    from demiurgic_training.screen import Complaints, some

    complaints = Complaints()
    talks = (talk for path in options.sources for talk in complaints.sorted_out(read_as(path, read_talk)))
    count = write_items(options.out, some(talks))
    complaints.sum_up()
    if options.plain is not None:
        written = complaints.sorted_out(read_rows(options.out))
        write_items(options.plain, ({"text": plain_text(row)} for row in written))
    console().print(f"{count} talks: {options.out}", markup=False)
    return 0
