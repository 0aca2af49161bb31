"""What data commands show: counts that move while they work, and what came of it."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from demiurgic.errors import UserError
from demiurgic_training.files import BadLine
from demiurgic_training.tally import Tally

T = TypeVar("T")

_PLAIN_STEP = 10.0
_OFTEN = 0.1
_SHOWN = 10


@contextmanager
def counting(what: str) -> Generator[Callable[[Tally], None]]:
    """Show how counts grow: a line that changes in a terminal, a line now and then elsewhere."""
    screen = Console(stderr=True)
    live = screen.is_terminal and not screen.is_dumb_terminal
    started = time.monotonic()
    last = [started]
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not live) as bar:
        task = bar.add_task(what, total=None)

        def report(tally: Tally) -> None:
            now = time.monotonic()
            if now - last[0] < (_OFTEN if live else _PLAIN_STEP):
                return
            last[0] = now
            rate = f"{tally.read / max(now - started, 0.1):.0f} a second"
            line = f"{what}: {tally.read} read, {rate}, {tally.kept} kept; dropped: {tally.reasons()}"
            if live:
                bar.update(task, description=line)
            else:
                screen.print(line, soft_wrap=True, highlight=False)

        yield report


def told_of(tally: Tally, out: Path, dropped: Path) -> Iterator[Table | Text]:
    """Every reason with its count, and where things are."""
    yield counts_of(tally, "kept")
    yield Text(f"kept: {out}")
    if tally.gone:
        yield Text(f"dropped, each with its reason: {dropped}")


def counts_of(tally: Tally, left: str) -> Table:
    """What was read, what is gone for which reason, and what is left, called so."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_row(str(tally.read), "read")
    for name, count in tally.dropped.most_common():
        table.add_row(str(-count), Text(name))
    table.add_row(str(tally.kept), left, style="bold")
    return table


class Complaints:
    """Bad lines: the first are shown, all are counted, none ends the work."""

    def __init__(self) -> None:
        self.count = 0
        self._screen = Console(stderr=True, soft_wrap=True, highlight=False)

    def sorted_out(self, items: Iterable[T | BadLine]) -> Iterator[T]:
        """What could be read; what could not is complained of."""
        for item in items:
            if isinstance(item, BadLine):
                self.note(item)
            else:
                yield item

    def note(self, bad: BadLine) -> None:
        """One more."""
        self.count += 1
        if self.count <= _SHOWN:
            self._screen.print(str(bad), markup=False)

    def sum_up(self) -> None:
        """Say how many there were, if any."""
        more = f", of which {self.count - _SHOWN} are not shown" if self.count > _SHOWN else ""
        if self.count:
            self._screen.print(f"{self.count} lines could not be read{more}", style="yellow")


def some(items: Iterable[T]) -> Iterator[T]:
    """The items. Raises UserError where there are none."""
    drawn = iter(items)
    first = next(drawn, None)
    if first is None:
        raise UserError("nothing in it could be read as a row", "look at a line of it; docs/data.md shows all forms")
    yield first
    yield from drawn
