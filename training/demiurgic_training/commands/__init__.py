"""The commands of `demiurgic data`, each in a file of its own. What is heavy they import when they run."""

import argparse
from typing import Protocol

from demiurgic.config import Settings
from demiurgic_training.commands import clean, convert, crawl, filter, generate, pairs, preview, qa, split


class Command(Protocol):
    """A module that is a command."""

    @property
    def HELP(self) -> str: ...

    @staticmethod
    def add_to(parser: argparse.ArgumentParser) -> None: ...

    @staticmethod
    def run(options: argparse.Namespace, settings: Settings) -> int: ...


COMMANDS: dict[str, Command] = {
    "generate": generate,
    "pairs": pairs,
    "convert": convert,
    "split": split,
    "filter": filter,
    "crawl": crawl,
    "clean": clean,
    "qa": qa,
    "preview": preview,
}
