"""What commands share when they write to a terminal: colours where there are any, progress where it can move."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from demiurgic_models import fetching

_PLAIN_STEP = 10.0


def console() -> Console:
    """The terminal, or whatever stands in for it."""
    return Console(highlight=False, soft_wrap=True)


@contextmanager
def pulling(name: str) -> Generator[Callable[[fetching.Progress], None]]:
    """Show how a pull goes on: a bar in a terminal, a line now and then elsewhere."""
    screen = Console(stderr=True)
    if not screen.is_terminal or screen.is_dumb_terminal:
        yield _lines(name)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(name, total=None)

        def report(progress: fetching.Progress) -> None:
            doing = f"{name} ({'verifying' if progress.verifying else progress.source})"
            bar.update(task, description=doing, completed=progress.done, total=progress.total)

        yield report


def _lines(name: str) -> Callable[[fetching.Progress], None]:
    last = [0.0]

    def report(progress: fetching.Progress) -> None:
        if not progress.verifying and time.monotonic() - last[0] >= _PLAIN_STEP:
            last[0] = time.monotonic()
            total = f" of {progress.total / 1e6:.0f}" if progress.total else ""
            print(f"{name}: {progress.done / 1e6:.0f}{total} MB ({progress.source})", file=sys.stderr, flush=True)

    return report
