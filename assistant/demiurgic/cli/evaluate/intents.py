"""`demiurgic eval intents`: scores models and checkpoints as classifiers of what users want."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic.evaluation.intents.reports import Report
    from demiurgic.evaluation.intents.running import Standing

HELP = "how well models tell what users want"
_QUICK = 100
_PLAIN_STEP = 10.0


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    model = "registry name, .gguf file, checkpoint folder or 'checkpoint-*', openai:NAME, ... or URL#NAME"
    parser.add_argument("--model", nargs="+", required=True, metavar="M", help=model)
    parser.add_argument(
        "--test", type=Path, required=True, metavar="FILE", help="rows with text and label, or messages"
    )
    parser.add_argument("--labels", type=Path, required=True, metavar="FILE", help="one a line, or JSON")
    parser.add_argument("--oos", metavar="LABEL", help="what the rows are called that no label covers")
    parser.add_argument("--answer", metavar="FORM", help="how answers are spelled, such as 'intent {index}: {label}'")
    parser.add_argument("--quick", action="store_true", help=f"a sample of {_QUICK} rows")
    parser.add_argument("--samples", type=int, metavar="N", help="a sample of N rows, the same ones every time")
    parser.add_argument("--batch-size", type=int, default=16, metavar="B", help="rows evaluated together")
    parser.add_argument("--tolerance", type=float, default=0.01, metavar="T", help="probability left unread; 0: none")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where results are kept, and gone on with")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Evaluate every model in turn, and all of them beside each other."""
    from demiurgic.cli.screen import console
    from demiurgic.evaluation.intents.evaluating import Question, evaluate, read_examination
    from demiurgic.evaluation.intents.opening import Means, named, open_classifier
    from demiurgic.evaluation.intents.telling import told

    samples = _checked(options)
    models = named(options.model)
    examination = read_examination(Question(options.test, options.labels, options.oos, options.answer, samples))
    folder: Path = options.out or Path(f"intents-{options.test.stem}")
    means = Means(options.batch_size, options.tolerance)
    reports: list[Report] = []
    for model in models:
        opened = closing(open_classifier(settings, model, examination.labels, means))
        with opened as classifier, _progress(classifier.name) as show:
            report = evaluate(classifier, examination, options.tolerance, folder, show)
        reports.append(report)
        console().print(told(report), markup=False)
    if len(reports) > 1:
        _compare(reports, folder)
    console().print(f"results: {folder}", markup=False)
    return 0


def _checked(options: argparse.Namespace) -> int | None:
    """How many rows are wanted, after a look at all numbers."""
    samples: int | None = options.samples if options.samples is not None else _QUICK if options.quick else None
    if samples is not None and samples < 1:
        raise UserError(f"--samples is {samples}; at least one row is needed")
    if not 1 <= options.batch_size <= 256:
        raise UserError(f"--batch-size is {options.batch_size}; from 1 to 256 rows go together")
    if not 0 <= options.tolerance < 0.5:
        raise UserError(f"--tolerance is {options.tolerance:g}; from 0 to 0.5 is possible", "--tolerance 0.01")
    return samples


def _compare(reports: "list[Report]", folder: Path) -> None:
    from demiurgic.cli.screen import console
    from demiurgic.evaluation.intents.comparing import differences
    from demiurgic.evaluation.intents.telling import compared
    from demiurgic_models.files import write_beside

    differing = differences(reports)
    write_beside(folder / "comparison.json", json.dumps([asdict(each) for each in differing], indent=2) + "\n")
    console().print(compared(reports, differing), markup=False)


@contextmanager
def _progress(name: str) -> "Generator[Callable[[Standing], None]]":
    """A line that moves in a terminal, one now and then elsewhere."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from demiurgic.evaluation.intents.telling import progress

    screen = Console(stderr=True)
    if screen.is_terminal and not screen.is_dumb_terminal:
        with Live(Text(f"{name}: loading"), console=screen, transient=True, refresh_per_second=4) as live:
            yield lambda standing: live.update(Text(progress(name, standing)))
        return
    last = [time.monotonic()]

    def show(standing: "Standing") -> None:
        if time.monotonic() - last[0] >= _PLAIN_STEP:
            last[0] = time.monotonic()
            print(progress(name, standing), file=sys.stderr, flush=True)

    yield show
