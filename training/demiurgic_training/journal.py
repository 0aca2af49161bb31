"""What long work has done so far, so that whoever kills it pays for nothing twice.

Many threads may write at once. What they have to say at the same time goes to the disk together: a thousand lines a
second need no thousand disk writes.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from demiurgic.evaluation.lines import Lines, Row


@dataclass(slots=True)
class _Batch:
    lines: list[Row] = field(default_factory=list[Row])
    done: bool = False
    problem: BaseException | None = None


class Journal:
    """JSON lines that are only ever appended to, by one program at a time."""

    def __init__(self, path: Path, take: Callable[[Row], None]) -> None:
        """Give every line that is there to `take`; one that was cut off is dropped. Raises UserError where a line is
        damaged, which is what `take` says by a ValueError, TypeError or KeyError, or where another program writes."""
        self._lines = Lines(path, take)
        self._gate, self._disk = threading.Lock(), threading.Lock()
        self._next = _Batch()

    def append(self, *lines: Row) -> None:
        """Add lines, all of them or none. They outlive a power cut once this returns. Raises WorkError."""
        with self._gate:
            batch = self._next
            batch.lines.extend(lines)
        with self._disk:
            if not batch.done:
                self._write(batch)
        if batch.problem is not None:
            raise batch.problem

    def close(self) -> None:
        """Let others write."""
        with self._disk:
            self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, batch: _Batch) -> None:
        with self._gate:
            self._next = _Batch()
        try:
            self._lines.append(*batch.lines)
        except BaseException as error:  # noqa: BLE001 - raised again for everybody whose line it was
            batch.problem = error
        batch.done = True
