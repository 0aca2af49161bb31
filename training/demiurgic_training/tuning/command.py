"""`demiurgic train`: teach a model what a recipe says, and show how it goes."""

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError
from demiurgic_training.quiet import quieten_libraries

if TYPE_CHECKING:
    from rich.console import Console

    from demiurgic_training.tuning.certificate import Certificate
    from demiurgic_training.tuning.recipe import Recipe

HELP = "teach a model what a recipe says"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("recipe", nargs="?", metavar="CONFIG.yaml", help="a recipe, or the name of one that comes with the program")
    add("overrides", nargs="*", metavar="key=value", help="say otherwise than it does: optimiser.steps=100")
    add("--resume", action="store_true", help="go on with the run in its folder")
    add("--dry-run", action="store_true", help="say what it would need of memory and time, without its weights")
    add("--describe", action="store_true", help="print every key with its meaning, as a JSON Schema")
    add("--yes", action="store_true", help="begin without asking")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Teach, and say where the model is."""
    if not importlib.util.find_spec("yaml"):
        raise MissingExtra("what teaches models", "train")
    if options.describe:
        from demiurgic_training.tuning.describing import describe

        print(json.dumps(describe(), indent=2))  # noqa: T201 - what was asked for
        return 0
    if options.recipe is None:
        from demiurgic_training.tuning.presets import presets

        raise UserError("there is no recipe", f"demiurgic train CONFIG.yaml, or one of {', '.join(presets())}")
    from demiurgic_training.tuning.reading import read_recipe

    recipe = read_recipe(Path(options.recipe), options.overrides)
    quieten_libraries()
    if options.dry_run:
        return _tell_estimate(recipe)
    for package in ("torch", "transformers", "trl", "peft"):
        if not importlib.util.find_spec(package):
            raise MissingExtra(f"{package}, which teaches models,", "train")
    return _train(recipe, options)


def _train(recipe: "Recipe", options: argparse.Namespace) -> int:
    from rich.console import Console

    from demiurgic.cli.screen import console
    from demiurgic_training.tuning.board import board
    from demiurgic_training.tuning.checking import cautions
    from demiurgic_training.tuning.running import is_first, train
    from demiurgic_training.tuning.showing import shown

    screen = Console(stderr=True, highlight=False)
    if not options.resume and not _agreed(cautions(recipe), options.yes, screen):
        console().print("nothing was taught")
        return 0

    def show(made: "Certificate") -> None:
        coloured = screen.color_system is not None and not screen.no_color
        screen.print(*shown(made, coloured=coloured), sep="\n")

    with board(screen) as hear:
        model = train(recipe, resume=options.resume, hear=hear, show=show)
    if is_first():
        console().print(f"model: {model}", markup=False)
    return 0


def _tell_estimate(recipe: "Recipe") -> int:
    from demiurgic.cli.screen import console
    from demiurgic_training.tuning.estimating import estimate
    from demiurgic_training.tuning.foreseeing import foreseen

    screen = console()
    for part in foreseen(estimate(recipe), recipe):
        screen.print(part)
    return 0


def _agreed(said: Sequence[str], yes: bool, screen: "Console") -> bool:
    """Whether the user goes on, knowing this. Raises UserError where nobody can be asked."""
    for line in said:
        screen.print(line, style="yellow", markup=False)
    if yes or not said:
        return True
    if not sys.stdin.isatty():
        raise UserError("whether to begin with that cannot be asked here", "add --yes")
    return screen.input("begin? \\[y/N] ").strip().lower() in ("y", "yes")
