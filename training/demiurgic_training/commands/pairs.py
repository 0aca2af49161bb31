"""`demiurgic data pairs`: answers of which one is better, by a judge, by tests, or by what the user did."""

import argparse
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from rich.console import Console

    from demiurgic_training.preferences.columns import Line
    from demiurgic_training.preferences.plan import PairsPlan
    from demiurgic_training.preferences.running import Came

HELP = "make pairs of answers of which one is better"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("--prompts", type=Path, metavar="FILE", help="one a line, or rows with prompt and tests")
    add("--template", default="{topic}", metavar="TEXT", help="what is asked of a topic: 'Write an essay on {topic}'")
    add("--models", metavar="A,B,...", help="who answers: anthropic, openai, local, or any model's name")
    add("--judge", metavar="M", help="who compares, in both orders and without names")
    add("--by-tests", action="store_true", help="let the prompts' tests decide, in the sandbox")
    add("--from-use", action="store_true", help="from your own sessions and ghost text, secrets taken out")
    add("--out", type=Path, default=Path("pairs"), metavar="DIR", help="journal, pairs.csv and pairs.jsonl")
    add("--budget", action="append", default=[], metavar="50usd", help="the most to spend; once for each currency")
    add("--samples", type=int, default=1, metavar="K", help="answers of each model")
    add("--system", default="", metavar="TEXT", help="instructions above every prompt")
    add("--max-tokens", type=int, default=1024, metavar="N", help="longest answer")
    add("--temperature", type=float, default=0.8, metavar="T", help="where a model takes one")
    add("--length-ratio", type=float, default=4.0, metavar="R", help="leave out pairs of which one is so much longer")
    add("--parallel", type=int, default=32, metavar="N", help="questions asked at once")
    add("--ray", metavar="ADDRESS", help="ask APIs from the nodes of this Ray cluster; auto: a local one")
    add("--price", action="append", default=[], metavar="NAME=3/15usd", help="of a million tokens, in/out")
    add("--prices", type=Path, metavar="FILE.toml", help="prices of your own, before those that we know")
    add("--dry-run", action="store_true", help="say what it would take, ask nobody and leave nothing behind")
    add("--yes", action="store_true", help="begin without asking")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Make the pairs, and say what they came from. Raises UserError where there are none."""
    from demiurgic.cli.screen import console
    from demiurgic_training.preferences.plan import pairs_plan_of

    if options.from_use and (options.prompts or options.models or options.judge or options.by_tests or options.ray):
        raise UserError("--from-use takes what you did, and asks no models", "leave the other flags out")
    plan = None if options.from_use else pairs_plan_of(options, settings)
    if options.dry_run and plan is None:
        console().print("--from-use asks no models: it costs nothing")
        return 0
    if not options.dry_run:
        try:
            options.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{options.out} cannot be made: {error.strerror}", "name another --out") from error
    if plan is None:
        return _from_use(options.out, settings)
    came = _by_models(plan, settings, options)
    if came is None:
        console().print("nothing was asked, and nothing spent")
        return 0
    _write([(pair, None) for pair in came.pairs], came.counts, options.out)
    if came.stopped_by is not None:
        raise WorkError(f"stopped early: {came.stopped_by.message}", came.stopped_by.hint or "start again to go on")
    return _some(came.pairs, options.out)


def _by_models(plan: "PairsPlan", settings: Settings, options: argparse.Namespace) -> "Came | None":
    from rich.console import Console

    from demiurgic_training.generating.checking import open_checking
    from demiurgic_training.preferences.running import PairsRun
    from demiurgic_training.teachers.agreeing import Terms, agreed
    from demiurgic_training.teachers.desk import Desk
    from demiurgic_training.teachers.estimating import Circumstances, estimate
    from demiurgic_training.teachers.ledger import Ledger
    from demiurgic_training.teachers.opening import Reach, hire

    screen = Console(stderr=True, highlight=False)
    with ExitStack() as opened:
        if options.dry_run:
            plan = replace(plan, folder=Path(opened.enter_context(TemporaryDirectory())))
        teachers = hire(plan.names, settings, plan.prices, opened, Reach(plan.parallel, options.ray))
        plan.settle({name: hired.teacher.name for name, hired in teachers.items()})
        ledger = opened.enter_context(Ledger(plan.folder / "ledger.jsonl", plan.caps))
        estimates = estimate(plan.foreseen(), teachers, Circumstances(plan.parallel))
        if not agreed(estimates, ledger, Terms(plan.caps, plan.yes, options.dry_run), screen):
            return None
        run = PairsRun(Desk(teachers, ledger, plan.parallel), plan.style, opened.enter_context(_progress(screen)))
        duels = run.duels(plan.prompts, plan.models, plan.ratio)
        if plan.judge:
            return run.by_judge(duels, plan.judge)
        return run.by_tests(duels, open_checking(plan.folder, settings, opened))


def _from_use(out: Path, settings: Settings) -> int:
    from demiurgic.cli.screen import console
    from demiurgic_training.preferences.scrubbing import scrubber
    from demiurgic_training.preferences.use import pairs_from_use, write_labelled

    used = pairs_from_use(settings.state_dir, scrubber(settings))
    write_labelled(out, used.labelled)
    _write(used.pairs, used.counts, out)
    for line in used.unreadable:
        console().print(f"unreadable: {line}", markup=False)
    return _some([*used.pairs, *used.labelled], out)


def _write(lines: "Sequence[Line]", counts: "Counter[str]", out: Path) -> None:
    from demiurgic.cli.screen import console
    from demiurgic_training.preferences.columns import CSV_NAME, JSONL_NAME, write_pairs

    write_pairs(out, lines)
    told = [f"pairs     {len(lines)}", *(f"{count:>9} {what}" for what, count in counts.most_common())]
    console().print("\n".join([*told, f"files     {out / CSV_NAME}, {out / JSONL_NAME}"]), markup=False)


def _some(pairs: "Sequence[object]", out: Path) -> int:
    if not pairs:
        raise UserError("no pairs are left", f"the counts above say why; {out} keeps what was asked")
    return 0


@contextmanager
def _progress(screen: "Console") -> "Generator[Callable[[int, int], None]]":
    """A bar in a terminal, nothing elsewhere."""
    from rich.progress import Progress

    if not screen.is_terminal or screen.is_dumb_terminal:
        yield lambda done, total: None
        return
    with Progress(console=screen, transient=True) as bar:
        task = bar.add_task("asking", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
