"""The REPL: a conversation with the agent in whatever terminal there is. What draws is imported only when it draws."""

import sys
from collections.abc import Callable

from demiurgic.agent.desk import Desk
from demiurgic.agent.events import Approver
from demiurgic.config import Settings


def run_repl(open_desk: Callable[[Approver], Desk], settings: Settings, first: str | None = None) -> int:
    """Talk until the user leaves or the input ends. Returns the exit code; raises what kept the desk from opening."""
    term = dict(settings.environment).get("TERM", "dumb")
    if sys.stdin.isatty() and sys.stdout.isatty() and term not in ("", "dumb", "unknown"):
        from demiurgic.repl.terminal import Terminal

        return Terminal(open_desk, settings, first).run()
    from demiurgic.repl.plain import run_plain

    return run_plain(open_desk, settings, first)
