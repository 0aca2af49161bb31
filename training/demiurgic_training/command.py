"""`demiurgic data …`: everything that turns knowledge, pages and tables into data that models can be taught with."""

import argparse

from demiurgic_training.commands import COMMANDS

HELP = f"make training data and keep it clean: {', '.join(COMMANDS)}"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its own commands to its parser."""
    own = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        described = own.add_parser(name, help=command.HELP)
        command.add_to(described)
        described.set_defaults(run=command.run)
