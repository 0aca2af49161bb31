"""`demiurgic distil`: the whole loop, from tasks to a measured GGUF, each part of it done once."""

import argparse
import importlib.util
import json
from pathlib import Path

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError

HELP = "the whole loop: tasks, teacher, proof, student, GGUF, score"
_NEEDED = ("yaml", "torch", "transformers", "trl", "peft", "gguf", "datasketch")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add(
        "config",
        nargs="?",
        type=Path,
        metavar="CONFIG.yaml",
        help="who is taught what, or the name of a loop of ours: tiny-loop",
    )
    add("overrides", nargs="*", metavar="key=value", help="say otherwise than it does: tasks.count=50")
    add("--dry-run", action="store_true", help="say what the teacher would take, and ask nobody")
    add("--describe", action="store_true", help="print every key with its meaning, as a JSON Schema")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do what is not done yet, and tell what it came to."""
    if missing := [package for package in _NEEDED if importlib.util.find_spec(package) is None]:
        raise MissingExtra(f"{missing[0]}, without which nothing is taught,", "train")
    from demiurgic.cli.screen import console
    from demiurgic_training.distilling.plan import Plan, read_plan
    from demiurgic_training.tuning.presets import loops

    if options.describe:
        from demiurgic_training.tuning.describing import describe

        print(json.dumps(describe(Plan, loops()), indent=2))  # noqa: T201 - what was asked for
        return 0
    if options.config is None:
        raise UserError("there is no loop", f"demiurgic distil CONFIG.yaml, or one of {', '.join(loops())}")
    plan = read_plan(options.config, options.overrides)
    from demiurgic_training.distilling.foreseeing import check_money, tell_money

    if options.dry_run:
        tell_money(plan, settings, console())
        return 0
    check_money(plan, settings)
    from demiurgic_training.distilling.board import board
    from demiurgic_training.distilling.running import Loop
    from demiurgic_training.distilling.stages import stages_of

    with board() as screen:
        report = Loop(plan, settings, stages_of(plan, settings), screen).run()
    console().print(f"{report.facts['verdict']}\nreport: {report.file('page')}", markup=False)
    return 0
