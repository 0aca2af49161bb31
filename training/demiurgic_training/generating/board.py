"""How a run stands, for the eye: a bar in a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from demiurgic.evaluation.board import time_left
from demiurgic_training.generating.running import Standing
from demiurgic_training.teachers.ledger import Ledger

_PLAIN_STEP = 15.0


@contextmanager
def board(console: Console, ledger: Ledger, wanted: int) -> Generator[Callable[[Standing], None]]:
    """Shows what it is told."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _lines(console, ledger)
        return
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=wanted)
        yield lambda standing: bar.update(task, completed=standing.done, description=standing_line(standing, ledger))


def standing_line(standing: Standing, ledger: Ledger) -> str:
    """Money, rate, kept and dropped."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in standing.dropped.most_common(3))
    dropped = f"{sum(standing.dropped.values())} dropped" + (f" ({reasons})" if reasons else "")
    spent = ", ".join(map(str, ledger.spent().values())) or "nothing"
    left = time_left(standing.seconds_left)
    return f"{spent} spent, {standing.kept} kept, {dropped}, {standing.rate:.0f}/min, {left} left"


def _lines(console: Console, ledger: Ledger) -> Callable[[Standing], None]:
    last = [time.monotonic()]

    def show(standing: Standing) -> None:
        if time.monotonic() - last[0] >= _PLAIN_STEP:
            last[0] = time.monotonic()
            line = f"{standing.done} of {standing.wanted}: {standing_line(standing, ledger)}"
            console.print(line, markup=False, soft_wrap=True)

    return show
