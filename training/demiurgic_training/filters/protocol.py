"""What a filter is."""

from typing import Protocol

from demiurgic_training.rows import Row


class Filter(Protocol):
    """Judges one row at a time, and knows no other. It can be sent to another process."""

    @property
    def name(self) -> str:
        """What counts and reports call it."""
        ...

    def judge(self, row: Row) -> str | None:
        """Why the row is dropped, in a few words about this very row; None where it is kept."""
        ...
