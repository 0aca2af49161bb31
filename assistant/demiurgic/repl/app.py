"""The REPL: a conversation with the agent in whatever terminal there is. What draws is imported only when it draws."""

from __future__ import annotations

import sys
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demiurgic.agent.desk import Desk
    from demiurgic.agent.events import Approver
    from demiurgic.config import Settings


def run_repl(open_desk: Callable[[Approver], Desk], settings: Settings, first: str | None = None) -> int:
    """Talk until the user leaves or the input ends. Returns the exit code; raises what kept the desk from opening."""
    term = dict(settings.environment).get("TERM", "dumb")
    if sys.stdin.isatty() and sys.stdout.isatty() and term not in ("", "dumb", "unknown"):
        with _returns_kept(sys.stdin.fileno()):
            from demiurgic.repl.terminal import Terminal

            return Terminal(open_desk, settings, first).run()
    from demiurgic.repl.plain import run_plain

    return run_plain(open_desk, first)


@contextmanager
def _returns_kept(terminal: int) -> Generator[None]:
    """What is typed before the prompt is there must not have its Enter turned into a line end: that is another key."""
    before = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    changed[0] &= ~termios.ICRNL
    termios.tcsetattr(terminal, termios.TCSANOW, changed)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
