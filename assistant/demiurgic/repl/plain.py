"""The REPL in plain lines: for terminals that cannot move their cursor, and where there is no terminal at all.

Without a terminal nobody can be asked: what needs an answer is denied.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from rich.console import RenderableType

from demiurgic.agent.desk import Desk
from demiurgic.agent.events import Answer, ApprovalAsked, Approver
from demiurgic.repl.conversation import Conversation
from demiurgic.repl.ink import Ink
from demiurgic.repl.items import Facts, Notice, Shown
from demiurgic.repl.markdown import PlainProse
from demiurgic.repl.questions import choices, understood
from demiurgic.repl.scribe import Scribe

_ENDLESS = 100_000
"""Columns of a file or a pipe."""


class Plain:
    """Satisfies `Front` and `Approver`."""

    def __init__(self, *, interactive: bool) -> None:
        """`interactive`: somebody sits there and can answer."""
        self._interactive = interactive
        self._scribe = Scribe(PlainProse, echo=not interactive)
        self._ink = Ink(escapes=False, colours=False)

    def show(self, item: Shown) -> None:
        self._write(self._scribe.take(item))

    def tell(self, facts: Facts) -> None:
        """There is no status line."""

    def prefill(self, text: str) -> None:
        self.show(Notice(f"it said: {text}"))

    def ask(self, question: ApprovalAsked) -> Answer:
        if not self._interactive:
            self.show(Notice("denied: there is no terminal to ask in; --approve edits or all allows more", "warning"))
            return Answer("deny", "nobody can be asked here; do without it or say what is needed")
        self._write(choices(question))
        with _interrupts_raise():
            try:
                while (answer := understood(input("? "), question)) is None:
                    self.show(Notice("answer with one of the letters above"))
            except (EOFError, KeyboardInterrupt):
                print()  # noqa: T201 - the cursor stands behind the question
                return Answer("deny")
        return answer

    def _write(self, blocks: Sequence[RenderableType]) -> None:
        width = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else _ENDLESS
        sys.stdout.write(self._ink.paint(blocks, width or 80))
        sys.stdout.flush()


def run_plain(open_desk: Callable[[Approver], Desk], first: str | None) -> int:
    """Line by line until there are no more."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    front = Plain(interactive=interactive)
    conversation = Conversation(open_desk(front), front)
    try:
        conversation.greet()
        if first and not _carry_out(conversation, first):
            return 0
        while (line := _next(interactive)) is not None:
            if line.strip() and not _carry_out(conversation, line.strip()):
                break
    finally:
        conversation.close()
    return 0


def _carry_out(conversation: Conversation, line: str) -> bool:
    """A line, during which Ctrl-C stops and does not break."""

    def interrupt(_signal: int, _frame: object) -> None:
        # In a thread of its own: the one that was interrupted may hold what stopping needs.
        threading.Thread(target=conversation.interrupt, daemon=True).start()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        return conversation.line(line)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _interrupts_raise() -> Generator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _next(interactive: bool) -> str | None:
    try:
        return input("> " if interactive else "")
    except EOFError:
        return None
    except KeyboardInterrupt:
        print()  # noqa: T201 - the next prompt begins on a line of its own
        return ""
