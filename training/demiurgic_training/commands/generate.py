"""`demiurgic data generate`: examples written by teachers, within a budget."""

import argparse
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError

if TYPE_CHECKING:
    from rich.console import Console

    from demiurgic_training.generating.example import Maker
    from demiurgic_training.generating.plan import Plan
    from demiurgic_training.generating.report import Report
    from demiurgic_training.generating.running import Run
    from demiurgic_training.teachers.desk import Desk

HELP = "let teachers write examples, within a budget"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("--num-examples", type=int, required=True, metavar="N", help="how many examples are made, before filters")
    add("--mix", default="local", metavar="A:0.7,B:0.3", help="teachers: anthropic, openai, local, or any model's name")
    add("--budget", action="append", default=[], metavar="50usd", help="the most to spend; once for each currency")
    add("--out", type=Path, default=Path("generated"), metavar="DIR", help="journal and rows; go on with the same")
    seeds = parser.add_argument_group("what tasks are made of (default: a taxonomy of ours)")
    seeds.add_argument(
        "--tasks", type=Path, metavar="FILE", help="your tasks: one a line, or rows with prompt and tests"
    )
    seeds.add_argument("--snippets", type=Path, metavar="DIR", help="invent tasks from pieces of the code in a folder")
    seeds.add_argument("--licence", default="", metavar="NAME", help="of that code; noted in every row")
    seeds.add_argument("--evolve", type=Path, metavar="FILE", help="make other tasks of earlier ones, or of rows")
    seeds.add_argument("--taxonomy", type=Path, metavar="FILE.toml", help="topics, skills and levels of your own")
    seeds.add_argument("--evolutions", type=Path, metavar="FILE.toml", help="ways to make tasks of tasks, of your own")
    seeds.add_argument("--seeds", metavar="KIND:0.5,...", help="shares of tasks, snippets, evolve and taxonomy")
    how = parser.add_argument_group("how")
    how.add_argument("--tests", action="store_true", help="tasks bring tests, which answers must pass in the sandbox")
    how.add_argument("--student", metavar="M", help="ask this model first; teachers only where it fails the tests")
    how.add_argument("--student-tries", type=int, default=4, metavar="K", help="answers of the student to each task")
    how.add_argument("--system", default="", metavar="TEXT", help="instructions above every conversation")
    how.add_argument("--max-tokens", type=int, default=2048, metavar="N", help="longest answer")
    how.add_argument("--temperature", type=float, default=0.8, metavar="T", help="where a teacher takes one")
    how.add_argument("--seed", type=int, default=0, metavar="N", help="another number draws other seeds and samples")
    how.add_argument("--parallel", type=int, default=32, metavar="N", help="questions asked at once")
    how.add_argument("--ray", metavar="ADDRESS", help="ask APIs from the nodes of this Ray cluster; auto: a local one")
    how.add_argument("--batch", action="store_true", help="by the providers' batches: half the price, within a day")
    how.add_argument("--poll", type=float, default=30.0, metavar="S", help="seconds between looks at a batch")
    how.add_argument("--price", action="append", default=[], metavar="NAME=3/15usd", help="of a million tokens, in/out")
    how.add_argument("--prices", type=Path, metavar="FILE.toml", help="prices of your own, before those that we know")
    how.add_argument(
        "--dry-run", action="store_true", help="say what it would take, ask nobody and leave nothing behind"
    )
    how.add_argument("--yes", action="store_true", help="begin without asking")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Make what is not made yet, write rows and report. 1 where something stopped it early."""
    from rich.console import Console

    from demiurgic.cli.screen import console
    from demiurgic_training.generating.plan import plan_of
    from demiurgic_training.generating.report import write_report
    from demiurgic_training.teachers.desk import Desk
    from demiurgic_training.teachers.ledger import Ledger
    from demiurgic_training.teachers.opening import Reach, hire

    if options.ray and options.batch:
        raise UserError("--batch leaves --ray no questions to spread", "leave one of them out")
    plan, screen = plan_of(options, settings), Console(stderr=True, highlight=False)
    with ExitStack() as opened:
        if options.dry_run:
            plan = replace(plan, folder=Path(opened.enter_context(TemporaryDirectory())))
        reach = Reach(1 if plan.together else plan.parallel, options.ray)
        teachers = hire(plan.names, settings, plan.prices, opened, reach)
        plan.settle({name: hired.teacher.name for name, hired in teachers.items()})
        ledger = opened.enter_context(Ledger(plan.folder / "ledger.jsonl", plan.caps))
        maker = plan.maker(settings, opened)
        desk = Desk(teachers, ledger, plan.parallel)
        if not _agreed(plan, maker, desk, screen, dry_run=options.dry_run):
            console().print("nothing was asked, and nothing spent")
            return 0
        run = _go(plan, maker, desk, screen)
        report = write_report(plan.folder, run.outcomes, ledger)
        _tell(report, plan.folder)
    if run.stopped_by is not None:
        raise WorkError(f"stopped early: {run.stopped_by.message}", run.stopped_by.hint or "start again to go on")
    if not report.kept:
        why = run.standing.problem or f"read why in {plan.folder / 'dropped.jsonl'}"
        raise UserError("no example is left after filters", why)
    return 0


def _agreed(plan: "Plan", maker: "Maker", desk: "Desk", screen: "Console", *, dry_run: bool) -> bool:
    from demiurgic_training.generating.foreseeing import foreseen, scale
    from demiurgic_training.teachers.agreeing import Terms, agreed
    from demiurgic_training.teachers.estimating import Circumstances, estimate

    circumstances = Circumstances(plan.parallel, plan.batched(desk.teachers), scale(plan.count))
    estimates = estimate(foreseen(maker, plan.count), desk.teachers, circumstances)
    return agreed(estimates, desk.ledger, Terms(plan.caps, plan.yes, dry_run), screen)


def _go(plan: "Plan", maker: "Maker", desk: "Desk", screen: "Console") -> "Run":
    from demiurgic_training.generating.board import board
    from demiurgic_training.generating.running import Run

    with board(screen, desk.ledger, plan.count) as show:
        run = Run(maker, plan.count, desk, show)
        if batches := plan.batches(desk.teachers):
            with screen.status("sending a batch") as status:
                run.by_batches(
                    batches,
                    lambda done, total: status.update(f"{done} of {total} answers of this round are here"),
                )
        else:
            run.by_threads()
    return run


def _tell(report: "Report", folder: Path) -> None:
    from demiurgic.cli.screen import console

    counts = [f"kept      {report.kept}"]
    counts += [f"dropped   {count:<6} {reason}" for reason, count in report.dropped.items()]
    counts += [f"by        {count:<6} {teacher}" for teacher, count in report.by_teacher.items()]
    counts += [f"spent     {amount} {currency}" for currency, amount in report.spent.items()]
    console().print("\n".join([*counts, f"rows      {folder / 'rows.jsonl'}"]), markup=False)
