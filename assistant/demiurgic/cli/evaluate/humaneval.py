"""`demiurgic eval humaneval`: lets a model write HumanEval's functions, and judges them meanwhile."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.cli.evaluate.numbers import ks_of
from demiurgic.cli.evaluate.opening import open_for_many, together
from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic_models.reading import read_small

if TYPE_CHECKING:
    from demiurgic.chat.protocol import ChatModel
    from demiurgic.evaluation.manifest import Manifest
    from demiurgic.evaluation.problems import Problem
    from demiurgic.evaluation.prompts import PromptForm
    from demiurgic.evaluation.report import Report
    from demiurgic.evaluation.running import Plan
    from demiurgic.evaluation.verdicts import Judging
    from demiurgic.evaluation.writing import Style

HELP = "write and judge HumanEval's functions with a model"
_LOCAL, _REMOTE, _BASE = "qwen-instruct", "chat", "completion"
_PROMPT = 700
"""Tokens that a prompt takes at most, roughly."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("--model", metavar="M", help="registry name, .gguf file, openai:NAME, ... or URL#NAME")
    parser.add_argument("--samples", type=int, default=1, metavar="N", help="samples of each problem")
    parser.add_argument("--temperature", type=float, default=None, metavar="T", help="0 by default, 0.8 for samples")
    parser.add_argument("--top-p", type=float, default=1.0, metavar="P")
    parser.add_argument("--k", default="1", metavar="1,10", help="which pass@k to tell")
    parser.add_argument("--limit", type=int, metavar="K", help="the first K problems only")
    parser.add_argument("--tasks", type=Path, metavar="FILE", help="the problems named in a file, one id a line")
    parser.add_argument("--problems", type=Path, metavar="FILE", help="other problems in the same format")
    parser.add_argument("--prompt", metavar="ID", help="how the problem is put (default: what suits the model)")
    parser.add_argument("--max-tokens", type=int, default=1024, metavar="N", help="longest answer")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--parallel", type=int, metavar="N", help="requests decoded together")
    parser.add_argument("--ray", metavar="ADDRESS", help="judge on the nodes of this Ray cluster")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the run is kept, and gone on with")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do the run, or what is left of it."""
    from demiurgic.cli.screen import console
    from demiurgic.evaluation.board import board
    from demiurgic.evaluation.journal import Journal
    from demiurgic.evaluation.manifest import settle
    from demiurgic.evaluation.report import report_of, write_report
    from demiurgic.evaluation.running import Plan, Run
    from demiurgic.evaluation.writing import writer_for

    problems, ks = _problems(options), _ks(options.k, options.samples)
    screen = console()
    with ExitStack() as opened:
        model = open_for_many(settings, options.model, options.parallel, _context(options, settings))
        opened.callback(model.close)
        form = _form(options.prompt, model)
        plan = Plan(problems, form, options.samples, options.seed, together(settings, model, options.parallel))
        style = _style(options, form)
        manifest = _manifest(options, settings, model, plan, style)
        folder: Path = options.out or Path(f"humaneval-{Path(model.name).name}-{form.id}")
        journal = Journal(folder)
        opened.callback(journal.close)
        settle(folder, manifest)
        judging = _judging(options.ray, settings)
        opened.callback(judging.close)
        whole = Run(plan, writer_for(model, style), judging, journal)
        with board(screen, f"{model.name}, prompt {form.id}") as show:
            scored = whole.go(show)
        report = report_of(scored, ks)
        write_report(folder, scored, report)
    screen.print(_told(report, manifest, folder))
    return 0


def _judging(ray: str | None, settings: Settings) -> "Judging":
    if ray is not None:
        from demiurgic.evaluation.spreading import RayJudging

        return RayJudging(ray, settings.sandbox)
    from demiurgic.evaluation.executing import open_judging

    return open_judging(settings)


def _told(report: "Report", manifest: "Manifest", folder: Path) -> str:
    low, high = report.interval
    scores = ", ".join(f"{name} {100 * share:.1f} %" for name, share in report.scores.items())
    failed = ", ".join(f"{name} {count}" for name, count in report.outcomes.items() if name != "pass")
    return (
        f"{manifest.model}: {scores} (95 %: {100 * low:.1f}-{100 * high:.1f})\n"
        f"prompt {manifest.prompt}, temperature {manifest.temperature:g}, {report.problems} problems, "
        f"{report.samples} samples\n"
        f"not passed: {failed or 'none'}\n"
        f"all of it is in {folder}"
    )


def _context(options: argparse.Namespace, settings: Settings) -> int:
    """Room for a prompt and its answer."""
    return settings.context or options.max_tokens + _PROMPT


def _form(name: str | None, model: "ChatModel") -> "PromptForm":
    from demiurgic.chat.local import LocalChat
    from demiurgic.evaluation.prompts import prompt_form

    if name is not None:
        return prompt_form(name)
    if not isinstance(model, LocalChat):
        return prompt_form(_REMOTE)
    return prompt_form(_LOCAL if model.engine.facts.template else _BASE)


def _style(options: argparse.Namespace, form: "PromptForm") -> "Style":
    from demiurgic.evaluation.writing import Style

    usual = 0.0 if options.samples == 1 else 0.8
    return Style(form, usual if options.temperature is None else options.temperature, options.top_p, options.max_tokens)


def _manifest(
    options: argparse.Namespace, settings: Settings, model: "ChatModel", plan: "Plan", style: "Style"
) -> "Manifest":
    from demiurgic.compose import engine_build, local_file
    from demiurgic.evaluation.manifest import Manifest, digest_of
    from demiurgic_models.store import checksum

    path = local_file(settings, options.model)
    return Manifest(
        model=model.name,
        weights=checksum(path) if path else "",
        prompt=plan.form.id,
        prompt_digest=plan.form.digest,
        problems_file="" if options.problems is None else str(options.problems.resolve()),
        problems=len(plan.problems),
        problems_digest=digest_of(plan.problems),
        samples=plan.samples,
        seed=plan.seed,
        temperature=style.temperature,
        top_p=style.top_p,
        max_tokens=style.max_tokens,
        context=_context(options, settings),
        parallel=plan.parallel,
        engine=engine_build() if path else "",
    )


def _problems(options: argparse.Namespace) -> "dict[str, Problem]":
    from demiurgic.evaluation.problems import load_problems

    problems = load_problems(options.problems)
    if options.tasks is not None:
        problems = _named(problems, options.tasks)
    if options.limit is not None:
        if options.limit < 1:
            raise UserError(f"--limit is {options.limit}; at least one problem is needed")
        problems = dict(list(problems.items())[: options.limit])
    if options.samples < 1 or (options.parallel or 1) < 1 or options.max_tokens < 1:
        raise UserError("--samples, --parallel and --max-tokens must be at least 1")
    return problems


def _named(problems: "dict[str, Problem]", path: Path) -> "dict[str, Problem]":
    try:
        names = [line.strip() for line in read_small(path, pipes=True).splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    unknown = [name for name in names if name not in problems]
    if unknown or not names:
        raise UserError(f"{path}: there is no problem {unknown[0]}" if unknown else f"{path} names no problems")
    return {name: problems[name] for name in names}


def _ks(text: str, samples: int) -> list[int]:
    ks = ks_of(text)
    if max(ks) > samples:
        raise UserError(f"--k is {text}, but there are {samples} samples of each problem", "raise --samples")
    return ks
