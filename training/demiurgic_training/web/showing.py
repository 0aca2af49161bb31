"""How long work stands: a line that moves in a terminal, one now and then elsewhere. Always on standard error."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

_PLAIN_STEP = 10.0


@contextmanager
def moving() -> Generator[Callable[[str], None]]:
    """Shows what it is told."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    screen = Console(stderr=True)
    if screen.is_terminal and not screen.is_dumb_terminal:
        with Live(Text(), console=screen, transient=True, refresh_per_second=4) as live:
            yield lambda line: live.update(Text(line, overflow="ellipsis", no_wrap=True))
        return
    last = [time.monotonic()]

    def show(line: str) -> None:
        if time.monotonic() - last[0] >= _PLAIN_STEP:
            last[0] = time.monotonic()
            screen.print(line, markup=False, highlight=False, soft_wrap=True)

    yield show
