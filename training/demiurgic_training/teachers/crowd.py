"""Many questions at once, and when it makes no sense to ask on."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from demiurgic.errors import DemiurgicError, UserError
from demiurgic_training.teachers.desk import Desk
from demiurgic_training.teachers.protocol import Unanswered

T = TypeVar("T")
_HOPELESS = frozenset({401, 402, 403, 404})
"""Statuses that the next question would meet as well."""
_IN_A_ROW = 20


class Trouble:
    """Counts questions in a row that were not answered. For many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0

    def is_hopeless(self, error: Unanswered) -> bool:
        """One more: whether to give up now."""
        with self._lock:
            self._in_a_row += 1
            return error.status in _HOPELESS or self._in_a_row >= _IN_A_ROW

    def over(self) -> None:
        """A question was answered."""
        with self._lock:
            self._in_a_row = 0


class Crowd(Generic[T]):
    """Does pieces of work that ask at a desk, by its threads. `stopped_by` says what ended it early, if anything."""

    def __init__(self, desk: Desk, show: Callable[[int, int], None]) -> None:
        self._desk, self._show = desk, show
        self._trouble, self._lock = Trouble(), threading.Lock()
        self._done = 0
        self.stopped_by: DemiurgicError | None = None

    def do(self, work: Sequence[Callable[[], T | None]]) -> list[T | None]:
        """What each came to; None for one whose question was not answered, now."""
        self._done = 0
        with self._desk.asking() as executor:
            try:
                return list(executor.map(partial(self._one, len(work)), work))
            except BaseException:
                self.stopped_by = self.stopped_by or UserError("interrupted")
                raise

    def _one(self, whole: int, piece: Callable[[], T | None]) -> T | None:
        if self.stopped_by is not None:
            return None
        try:
            result = piece()
        except Unanswered as error:
            if self._trouble.is_hopeless(error):
                self.stopped_by = error
            return None
        except DemiurgicError as error:
            self.stopped_by = error
            return None
        self._trouble.over()
        with self._lock:
            self._done += 1
            self._show(self._done, whole)
        return result
