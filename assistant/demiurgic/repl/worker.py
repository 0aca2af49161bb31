"""The thread that works while another one keeps the prompt alive: it opens the desk, then carries out line by line."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

from demiurgic.repl.conversation import Conversation

if TYPE_CHECKING:
    from demiurgic.agent.desk import Desk


class Worker:
    """Carries out lines in the order in which they were typed. A daemon: it never keeps the program from ending."""

    def __init__(self, open_desk: Callable[[], Desk], converse: Callable[[Desk], Conversation]) -> None:
        self._open, self._converse = open_desk, converse
        self._changed = threading.Condition()
        self._lines: deque[str] = deque()
        self._busy = True
        self._leaving = False
        self.conversation: Conversation | None = None
        self.desk: Desk | None = None
        self.done: Future[None] = Future()
        """Done when somebody left; carries the failure if there was one."""

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._main, name="conversation", daemon=True).start()

    def send(self, line: str) -> None:
        """One more line to carry out."""
        with self._changed:
            self._lines.append(line)
            self._changed.notify()

    def take_back(self) -> str | None:
        """The line that was sent last, if it still waits."""
        with self._changed:
            return self._lines.pop() if self._lines else None

    @property
    def waiting(self) -> tuple[str, ...]:
        """Lines whose turn has not come."""
        with self._changed:
            return tuple(self._lines)

    @property
    def busy(self) -> bool:
        """Whether something goes on."""
        with self._changed:
            return self._busy or bool(self._lines)

    def leave(self, patience: float) -> None:
        """Stop what goes on and let go of everything; wait no longer than `patience`."""
        with self._changed:
            self._leaving = True
            self._lines.clear()
            self._changed.notify()
        if self.conversation is not None:
            self.conversation.interrupt()
            wait([self.done], patience)

    def _main(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits for it
            self.done.set_exception(error)
        else:
            self.done.set_result(None)

    def _work(self) -> None:
        self.desk = self._open()
        self.conversation = self._converse(self.desk)
        try:
            self.conversation.greet()
            while (line := self._next()) is not None:
                if not self.conversation.line(line):
                    return
        finally:
            self.conversation.close()

    def _next(self) -> str | None:
        with self._changed:
            self._busy = False
            self._changed.wait_for(lambda: self._lines or self._leaving)
            self._busy = True
            return self._lines.popleft() if self._lines and not self._leaving else None
