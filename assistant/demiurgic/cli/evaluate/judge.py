"""`demiurgic eval judge`: lets a model compare pairs of answers, and says how far it can be believed."""

import argparse
import re
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.cli.evaluate.opening import open_for_many, together
from demiurgic.config import Settings
from demiurgic.errors import UserError, WorkError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from demiurgic.chat.protocol import ChatModel
    from demiurgic.evaluation.pairwise.tally import Share, Tally

HELP = "let a model say which of two answers is better, in both orders"
_CONTEXT = 8192


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument(
        "--model", metavar="M", help="registry name, .gguf file, openai:NAME, anthropic:NAME or URL#NAME"
    )
    parser.add_argument(
        "--pairs", type=Path, required=True, metavar="FILE.jsonl", help='rows of {"prompt", "a", "b"}, and "id" if any'
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where rulings are kept, and gone on with")
    parser.add_argument("--think", action="store_true", help="let a model that can reason before it rules do so")
    parser.add_argument("--parallel", type=int, metavar="N", help="questions asked at once")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Judge what is not judged yet, then say what it came to. 1 where no pair could be judged."""
    from demiurgic.evaluation.pairwise.asking import Judge
    from demiurgic.evaluation.pairwise.judging import judge_pairs
    from demiurgic.evaluation.pairwise.pairs import load_pairs
    from demiurgic.evaluation.pairwise.rulings import Rulings
    from demiurgic.evaluation.pairwise.tally import tally, write_tally

    if options.parallel is not None and options.parallel < 1:
        raise UserError("--parallel must be at least 1")
    pairs = load_pairs(options.pairs)
    with ExitStack() as opened:
        model = open_for_many(settings, options.model, options.parallel, settings.context or _CONTEXT)
        opened.callback(model.close)
        judge = Judge(model, think=options.think)
        folder = _folder(options, model)
        rulings = opened.enter_context(Rulings(folder, judge.identity))
        show = opened.enter_context(_progress())
        judged = judge_pairs(pairs, judge, rulings, together(settings, model, options.parallel), show)
        counted = tally(judged)
        write_tally(folder, judged, counted)
    print(_told(counted, model.name))
    print(f"all of it is in {folder}")
    if counted.invalid == len(judged):
        raise WorkError(f"{model.name} ruled on no pair", f"read what it said in {folder / 'rulings.jsonl'}")
    return 0


def _told(counted: "Tally", name: str) -> str:
    from demiurgic.evaluation.comparing.wording import chance, percent, percents

    judged = counted.a + counted.b + counted.ties + counted.flips
    rate = f"{percent(counted.win_rate)} (95 %: {percents(counted.interval)}), p = {chance(counted.p)}"
    lines = {
        "judge": name,
        "b over a": rate if judged else "unknown: no pair was judged",
        "b wins": f"{counted.b}",
        "a wins": f"{counted.a}",
        "ties": f"{counted.ties}, and {counted.flips} flips with the order: half a win",
        "invalid": f"{counted.invalid}, in no other figure",
        "position": f"first place gets {_of(counted.first_of_flips)} flips, p = {chance(counted.position_p)}",
        "length": f"the longer gets {_of(counted.longer_of_wins)} wins",
    }
    return "\n".join(f"{what:<10}{said}" for what, said in lines.items())


def _of(share: "Share") -> str:
    from demiurgic.evaluation.comparing.wording import percents

    interval = f" ({percents(share.interval)} %)" if share.total else ""
    return f"{share.count} of {share.total}{interval}"


@contextmanager
def _progress() -> "Generator[Callable[[int, int], None]]":
    """A bar in a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    screen = Console(stderr=True)
    if not screen.is_terminal or screen.is_dumb_terminal:
        yield lambda done, total: None
        return
    with Progress(console=screen, transient=True) as bar:
        task = bar.add_task("judging", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _folder(options: argparse.Namespace, model: "ChatModel") -> Path:
    name = re.sub(r"[^\w.-]+", "-", Path(model.name).name)
    return options.out or Path(f"judge-{options.pairs.stem}-{name}")
