"""All that a run has done, one line each, written before it counts: whoever kills the run loses nothing but the line.

Only one program at a time writes to a run's folder.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from demiurgic.errors import BadEvaluationFile, UserError, WorkError
from demiurgic.evaluation.verdicts import Outcome, Verdict
from demiurgic.evaluation.writing import Written
from demiurgic.messages import Json


@dataclass(frozen=True, slots=True)
class Key:
    """Which sample of which problem, under which seed."""

    task_id: str
    index: int
    seed: int


class Journal:
    """The journal of one run, open for more."""

    def __init__(self, folder: Path) -> None:
        """Read what is there. A last line that was cut off is dropped."""
        self._path = folder / "journal.jsonl"
        self._lock = FileLock(folder / "journal.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(f"another program writes to {folder}", "wait for it, or name another --out") from error
        self.written: dict[Key, Written] = {}
        self.judged: dict[Key, Verdict] = {}
        size = self._load()
        try:
            self._file = self._path.open("ab")
            self._file.truncate(size)
        except OSError as error:
            self._lock.release()
            raise WorkError(f"{self._path} cannot be written: {error.strerror}") from error

    def wrote(self, key: Key, written: Written) -> None:
        """A sample is there."""
        self._append({"wrote": asdict(key), **asdict(written)})
        self.written[key] = written

    def judges(self, key: Key, verdict: Verdict) -> None:
        """A sample has its verdict."""
        self._append({"judged": asdict(key), **asdict(verdict)})
        self.judged[key] = verdict

    def close(self) -> None:
        """Let others write."""
        self._file.close()
        self._lock.release()

    def _append(self, row: dict[str, Json]) -> None:
        try:
            self._file.write(json.dumps(row).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise WorkError(f"{self._path} cannot be written: {error.strerror}", "the run goes on from here") from error

    def _load(self) -> int:
        """Take in all whole lines. Returns how many bytes they are."""
        size = 0
        for number, line in enumerate(self._lines(), 1):
            if not line.endswith(b"\n"):
                break
            try:
                self._take(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                self._lock.release()
                raise BadEvaluationFile(f"{self._path}, line {number} is damaged: {error}") from error
            size += len(line)
        return size

    def _lines(self) -> Iterator[bytes]:
        if self._path.exists():
            with self._path.open("rb") as file:
                yield from file

    def _take(self, row: dict[str, Json]) -> None:
        if "wrote" in row:
            key = Key(**row.pop("wrote"))
            self.written[key] = Written(**row)
        else:
            key = Key(**row.pop("judged"))
            row["outcome"] = Outcome(row["outcome"])
            self.judged[key] = Verdict(**row)
