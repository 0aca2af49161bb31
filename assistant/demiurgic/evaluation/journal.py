"""All that a run has done, one line each, written before it counts: whoever kills the run loses nothing but the line.

Only one program at a time writes to a run's folder.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.evaluation.lines import Lines, Row
from demiurgic.evaluation.verdicts import Outcome, Verdict
from demiurgic.evaluation.writing import Written


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
        self.written: dict[Key, Written] = {}
        self.judged: dict[Key, Verdict] = {}
        self._lines = Lines(folder / "journal.jsonl", self._take)

    def wrote(self, key: Key, written: Written) -> None:
        """A sample is there."""
        self._lines.append({"wrote": asdict(key), **asdict(written)})
        self.written[key] = written

    def judges(self, key: Key, verdict: Verdict) -> None:
        """A sample has its verdict."""
        self._lines.append({"judged": asdict(key), **asdict(verdict)})
        self.judged[key] = verdict

    def close(self) -> None:
        """Let others write."""
        self._lines.close()

    def _take(self, row: Row) -> None:
        if "wrote" in row:
            key = Key(**row.pop("wrote"))
            self.written[key] = Written(**row)
        else:
            key = Key(**row.pop("judged"))
            row["outcome"] = Outcome(row["outcome"])
            self.judged[key] = Verdict(**row)
