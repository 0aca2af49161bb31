"""All rulings of a judge in a file that only grows: nothing is asked twice, whoever stopped the program and however.

A ruling is found by the judge and the texts, so it holds for other files with the same pair as well.
"""

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Self

from demiurgic.evaluation.lines import Lines, Row
from demiurgic.evaluation.pairwise.asking import Choice, Question, Ruling


class Rulings:
    """The rulings of one folder, open for more by one program at a time."""

    def __init__(self, folder: Path, judge: str) -> None:
        """`judge` is the identity of the one who rules. A last line that was cut off is dropped."""
        self._judge = judge
        self._known: dict[str, Ruling] = {}
        self._lines = Lines(folder / "rulings.jsonl", self._take)

    def get(self, question: Question) -> Ruling | None:
        """What was ruled before."""
        return self._known.get(self._key(question))

    def add(self, question: Question, ruling: Ruling) -> None:
        """Keep a ruling. It is on the disk when this returns."""
        key = self._key(question)
        row = {"key": key, "id": question.pair.id, "swapped": question.swapped}
        self._lines.append({**row, "choice": ruling.choice, "said": ruling.said})
        self._known[key] = ruling

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()

    def _key(self, question: Question) -> str:
        told = json.dumps([self._judge, question.pair.prompt, *question.shown])
        return hashlib.sha256(told.encode()).hexdigest()

    def _take(self, row: Row) -> None:
        self._known[str(row["key"])] = Ruling(Choice(row["choice"]), str(row["said"]))
