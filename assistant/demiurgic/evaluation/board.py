"""How a run stands, for the eye: a few lines that move in a terminal, one line now and then elsewhere."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demiurgic.evaluation.running import Standing
from demiurgic.evaluation.statistics import mean_pass_at_k

_PLAIN_STEP = 15.0


@contextmanager
def board(console: Console, title: str) -> Generator[Callable[[Standing], None]]:
    """Shows what it is told."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _lines(console)
        return
    with Live(console=console, transient=True, refresh_per_second=4) as live:
        yield lambda standing: live.update(_table(title, standing))


def score_so_far(standing: Standing) -> str:
    """pass@1 of what was judged by now, with its interval."""
    if not standing.judged:
        return "nothing judged yet"
    counts = [(count, standing.passed[task]) for task, count in standing.judged.items()]
    share, (low, high) = mean_pass_at_k(counts, 1)
    return f"{100 * share:.1f} % ({100 * low:.0f}-{100 * high:.0f}) of {len(counts)}"


def _table(title: str, standing: Standing) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(Text(title, "bold"))
    table.add_row("written", f"{standing.written} of {standing.wanted}")
    table.add_row("judged", f"{sum(standing.judged.values())}")
    table.add_row("pass@1", score_so_far(standing))
    table.add_row("speed", f"{standing.tokens / max(standing.seconds, 0.1):.0f} tokens/s")
    table.add_row("left", time_left(standing.seconds_left))
    return table


def _lines(console: Console) -> Callable[[Standing], None]:
    last = [time.monotonic()]

    def show(standing: Standing) -> None:
        if time.monotonic() - last[0] >= _PLAIN_STEP:
            last[0] = time.monotonic()
            left = time_left(standing.seconds_left)
            console.print(f"{standing.written} of {standing.wanted} written, {score_so_far(standing)}, {left} left")

    return show


def time_left(seconds: float | None) -> str:
    """A guess, in few letters."""
    return "?" if seconds is None else f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
