"""What a client says to an agent's questions. The agent's thread waits for it, and not for ever."""

import threading
import time
from concurrent.futures import Future

from demiurgic.agent.events import Answer, ApprovalAsked

_LATE = Answer("deny", "nobody answered in time; do without it, or say what you would have done")
_OVER = Answer("deny", "the run was cancelled")


class Answers:
    """Satisfies `Approver`. One question at a time."""

    def __init__(self, seconds: float) -> None:
        """Whatever is asked is denied after that time."""
        self._deadline = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._over = False
        self._asked: tuple[str, Future[Answer]] | None = None

    def expect(self, question: ApprovalAsked) -> None:
        """A question is about to be shown: from here on it can be answered."""
        with self._lock:
            waits: Future[Answer] = Future()
            if self._over:
                waits.set_result(_OVER)
            self._asked = question.call.id, waits

    def ask(self, question: ApprovalAsked) -> Answer:
        """The answer to what was expected."""
        assert self._asked is not None, "a question that was not shown"
        _, waits = self._asked
        try:
            return waits.result(max(0.0, self._deadline - time.monotonic()))
        except TimeoutError:
            return _LATE
        finally:
            with self._lock:
                self._asked = None

    def give(self, call_id: str, answer: Answer) -> bool:
        """Answer the question of a call. False where it is not asked, or was answered already. Any thread."""
        with self._lock:
            if self._asked is None or self._asked[0] != call_id or self._asked[1].done():
                return False
            self._asked[1].set_result(answer)
            return True

    def refuse(self) -> None:
        """Deny what is asked, now and from here on. Any thread."""
        with self._lock:
            self._over = True
            if self._asked is not None and not self._asked[1].done():
                self._asked[1].set_result(_OVER)
