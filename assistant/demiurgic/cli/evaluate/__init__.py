"""`demiurgic eval …`: each command in a file of its own."""

import argparse
from typing import Protocol

from demiurgic.cli.evaluate import agent, compare, humaneval, intents, judge, rerun, score

HELP = "score models and compare them: humaneval, rerun, score, compare, judge, intents, agent"


class _Command(Protocol):
    @property
    def HELP(self) -> str: ...

    def add_to(self, parser: argparse.ArgumentParser) -> None: ...


_COMMANDS: dict[str, _Command] = {
    "humaneval": humaneval,
    "rerun": rerun,
    "score": score,
    "compare": compare,
    "judge": judge,
    "intents": intents,
    "agent": agent,
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its own commands to its parser."""
    own = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        command.add_to(own.add_parser(name, help=command.HELP))
