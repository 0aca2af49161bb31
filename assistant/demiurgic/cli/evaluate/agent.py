"""`demiurgic eval agent`: a model at work in small repositories, judged by tests that it never sees."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings, with_flags
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from demiurgic.evaluation.agents.journal import Manifest
    from demiurgic.evaluation.agents.report import Row
    from demiurgic.evaluation.agents.running import Run
    from demiurgic.evaluation.agents.tasks import Task

_CONTEXT = 8192
HELP = "let a model work in small repositories, judged by tests that it never sees"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument(
        "--model", metavar="M", help="registry name, .gguf file, openai:NAME, anthropic:NAME or URL#NAME"
    )
    parser.add_argument("--suite", type=Path, metavar="DIR", help="tasks of your own: KIND/NAME/task.toml")
    parser.add_argument("--kinds", metavar="A,B", help="only tasks of these kinds")
    parser.add_argument("--limit", type=int, metavar="K", help="only the first K tasks, taken from all kinds in turn")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="do every task N times, with seeds 0 to N-1")
    parser.add_argument("--no-grammar", action="store_true", help="let a local model write its calls freely")
    parser.add_argument("--temperature", type=float, metavar="T", help="0 always takes the likeliest word")
    parser.add_argument("--context", type=int, metavar="N", help="tokens that a conversation may hold")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="longest reply (default: a quarter of the context)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where journal, conversations and results are kept")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do what is not done yet, then say what it came to."""
    from demiurgic.compose.chat import default_model
    from demiurgic.evaluation.agents.evaluating import evaluate
    from demiurgic.evaluation.agents.journal import Journal
    from demiurgic.evaluation.agents.report import summary, write_report
    from demiurgic.evaluation.agents.running import Setting
    from demiurgic.evaluation.agents.tasks import OWN_SUITE, load_suite

    settings = with_flags(settings, {name: getattr(options, name) for name in ("model", "temperature", "context")})
    settings = replace(settings, model=settings.model or default_model(settings), context=settings.context or _CONTEXT)
    _check(options, settings)
    suite = options.suite or OWN_SUITE
    kinds = [kind.strip() for kind in options.kinds.split(",")] if options.kinds else []
    tasks = load_suite(suite, kinds, options.limit)
    manifest = _manifest(options, settings, load_suite(suite))
    out = options.out or _default_out(manifest)
    setting = Setting(settings, manifest.reply_tokens, manifest.grammar)
    with Journal(out, manifest) as journal:
        wanted = [(task.id, seed) for seed in range(options.seeds) for task in tasks]
        try:
            for done in evaluate(tasks, options.seeds, setting, journal):
                _say(done, sum(key in journal.runs for key in wanted), len(wanted))
        finally:
            runs = [journal.runs[key] for key in wanted if key in journal.runs]
            write_report(out, manifest, runs, len(wanted))
            _show(summary(runs), manifest, out)
    return 0


def _check(options: argparse.Namespace, settings: Settings) -> None:
    for name in ("seeds", "limit", "max_tokens"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UserError(f"--{name.replace('_', '-')} is {value}; at least 1 is expected")
    if options.seeds > 1 and not settings.temperature:
        raise UserError(f"at temperature 0 all {options.seeds} seeds would do the same", "add --temperature 0.7")


def _manifest(options: argparse.Namespace, settings: Settings, suite: "Sequence[Task]") -> "Manifest":
    from demiurgic.compose import engine_build, local_file
    from demiurgic.evaluation.agents.journal import Manifest
    from demiurgic.evaluation.agents.tasks import digest_of
    from demiurgic_models.store import checksum

    file = local_file(settings)
    return Manifest(
        model=file.stem if file else str(settings.model),
        weights=checksum(file) if file else "",
        engine=engine_build() if file else "",
        grammar=not options.no_grammar,
        # A conversation is shortened before it takes more than three quarters, so that this much always fits.
        reply_tokens=options.max_tokens or (settings.context or _CONTEXT) // 4,
        context=settings.context,
        temperature=settings.temperature,
        threads=settings.threads,
        sandbox=settings.sandbox,
        suite=digest_of(suite),
    )


def _default_out(manifest: "Manifest") -> Path:
    name = re.sub(r"[^\w.-]+", "-", manifest.model).strip("-")
    return Path(f"agent-{name}" if manifest.grammar else f"agent-{name}-no-grammar")


def _say(run: "Run", done: int, wanted: int) -> None:
    took = run.took
    state = "solved" if run.solved else "failed" if took.end == "done" else f"failed ({took.end})"
    name = run.task + (f" seed {run.seed}" if run.seed else "")
    print(f"{done:>4}/{wanted}  {name:<36} {state:<22} {took.steps:>3} steps {run.seconds:>6.1f} s", flush=True)


def _show(rows: "Sequence[Row]", manifest: "Manifest", out: Path) -> None:
    from demiurgic.cli.screen import console

    how = "calls under a grammar" if manifest.grammar else "calls written freely"
    console().print(f"\n{manifest.model}, {how}", markup=False)
    console().print(_table(rows))
    if rows[-1].broke:
        print(f"{rows[-1].broke} runs ended because the model failed; start again to do them once more")
    print("unheard: replies that hold a call as mere text, which nobody carried out.")
    print("failed: calls that were carried out and failed, edits among them. Means of a run: steps, tokens, seconds.")
    print(f"everything: {out / 'results.json'}")


def _table(rows: "Sequence[Row]") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("kind", no_wrap=True)
    for title in (
        "solved",
        "95 %",
        "calls",
        "malformed",
        "unheard",
        "failed",
        "edits",
        "steps",
        "read",
        "wrote",
        "seconds",
    ):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.name,
            f"{row.solved}/{row.runs}",
            f"{row.low:.0%}".removesuffix("%") + f"-{row.high:.0%}",
            *map(str, (row.calls, row.malformed, row.unheard, row.failed_calls, row.failed_edits)),
            f"{row.steps:.1f}",
            *(f"{mean:.0f}" for mean in (row.prompt_tokens, row.completion_tokens, row.seconds)),
        )
    return table
