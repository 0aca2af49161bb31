"""`demiurgic classify`: which of some labels fits what people say, one line at a time."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.cli.telling import shown
from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError

if TYPE_CHECKING:
    from demiurgic.evaluation.intents.data import Row
    from demiurgic.evaluation.intents.labels import Labels
    from demiurgic.evaluation.intents.predictions import Prediction

HELP = "say which of your labels fits each text"
_TOLD = 0.005
"""Labels less probable than this are not worth a place on the line."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("texts", nargs="*", metavar="TEXT", help="what to classify (default: each line of standard input)")
    add("--model", required=True, metavar="M", help="registry name, .gguf file, checkpoint folder, openai:NAME, ...")
    add("--labels", type=Path, required=True, metavar="FILE", help="one a line, or JSON")
    add("--system", metavar="TEXT", help="what the model was taught with, instead of a list of the labels")
    add("--answer", metavar="FORM", help="how it spells an answer, such as '意图：{index}:{label}' (default: {label})")
    add("--top", type=int, default=3, metavar="N", help="how many labels are told of each text (default: 3)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """One line for each text: its label, how probable it is, and the next ones."""
    from demiurgic.evaluation.intents.labels import load_labels
    from demiurgic.evaluation.intents.opening import Means, open_classifier

    if options.top < 1:
        raise UserError(f"--top is {options.top}; at least one label is told", "--top 3")
    labels = load_labels(options.labels, options.answer)
    with closing(open_classifier(settings, options.model, labels, Means(batch=1))) as classifier:
        for number, text in enumerate(_texts(options.texts)):
            for prediction in classifier.classify([_row(number, text, labels, options)]):
                print(shown(_line(text, prediction, options.top)), flush=True)
    return 0


def _texts(given: list[str]) -> Iterator[str]:
    if given:
        yield from given
        return
    while line := sys.stdin.readline():
        if text := line.strip():
            yield text


def _row(number: int, text: str, labels: "Labels", options: argparse.Namespace) -> "Row":
    from demiurgic.evaluation.intents.data import Row, instruction
    from demiurgic.messages import System, User

    told = instruction(labels) if options.system is None else System(options.system)
    return Row(number, (told, User(text)), "", options.answer or labels.forms[0])


def _line(text: str, prediction: "Prediction", top: int) -> str:
    if prediction.problem:
        raise WorkError(f"{text!r} could not be classified: {prediction.problem}")
    likeliest = [(label, odd) for label, odd in prediction.odds.items() if odd >= _TOLD][:top]
    told = ", ".join(f"{label} {100 * odd:.1f} %" for label, odd in likeliest)
    return f"{text}\t{told or prediction.label}"
