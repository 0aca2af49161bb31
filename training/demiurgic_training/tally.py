"""What became of rows: how many there were, and of those that are gone, why."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts as they grow. Every row that was read is kept or dropped for one reason: none goes missing."""

    read: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter[str])

    @property
    def gone(self) -> int:
        """How many were dropped."""
        return sum(self.dropped.values())

    def reasons(self) -> str:
        """In one line, the most frequent first."""
        return ", ".join(f"{name} {count}" for name, count in self.dropped.most_common()) or "none"
