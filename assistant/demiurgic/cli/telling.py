"""Texts on their way to a terminal, which must not obey what a model, a file or a server wrote in them."""

import sys

from demiurgic.workspace.shown import visible


def tell(text: str) -> None:
    """Say something beside the answer: a warning, a mishap."""
    print(f"demiurgic: {visible(text)}", file=sys.stderr)


def shown(text: str) -> str:
    """A part of the answer, for standard output. A file or a program gets it as it is."""
    return visible(text) if sys.stdout.isatty() else text
