"""How a loop goes on, for the eye: a line for each stage that is done, and a moving one for what is being done."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from demiurgic_training.distilling.records import Made
from demiurgic_training.distilling.report import in_time
from demiurgic_training.distilling.stages import Stage

_WIDE = 16
_LONGEST = 100


class Board:
    """Satisfies `Screen`."""

    def __init__(self, console: Console, status: Status | None) -> None:
        self._console, self._status = console, status
        self._stage = ""

    def begins(self, stage: Stage, *, again: bool) -> None:
        """Say so, since it may take hours."""
        self._stage = stage.name
        self._line(stage.name, f"{stage.about}{', gone on with' if again else ''} ...")

    def says(self, line: str) -> None:
        """Only where a line can move."""
        if self._status is not None:
            self._status.update(Text(f"{self._stage:<{_WIDE}}{line[-_LONGEST:]}"))

    def ends(self, made: Made, *, kept: bool) -> None:
        """With what it took."""
        self._line(made.stage, "done before" if kept else f"done in {in_time(made.cost.seconds)}")

    def waits(self) -> None:
        """Whoever waits is told for what."""
        self._line("waiting", "a step of an earlier start is still running")

    def _line(self, name: str, text: str) -> None:
        self._console.print(Text(f"{name:<{_WIDE}}{text}"), soft_wrap=True)


@contextmanager
def board() -> Generator[Board]:
    """On standard error, where it can be followed while the result goes elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield Board(console, None)
        return
    with console.status("") as status:
        yield Board(console, status)
