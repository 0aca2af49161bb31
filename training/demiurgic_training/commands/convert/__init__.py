"""`demiurgic data convert …`: each kind in a file of its own."""

import argparse

from demiurgic.config import Settings
from demiurgic_training.commands.convert import characters, dataset, intents, rows

HELP = "make rows of foreign forms, tables of intents and talks with characters; or a dataset of rows"
_KINDS = {"rows": rows, "dataset": dataset, "intents": intents, "characters": characters}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its kinds to its parser."""
    own = parser.add_subparsers(metavar="KIND", required=True, dest="kind")
    for name, kind in _KINDS.items():
        kind.add_to(own.add_parser(name, help=kind.HELP))


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Convert, and tell what came of it."""
    return _KINDS[options.kind].run(options, settings)
