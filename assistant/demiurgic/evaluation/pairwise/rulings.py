"""All rulings of a judge in a file that only grows: nothing is asked twice, whoever stopped the program and however.

A ruling is found by the judge and the texts, so it holds for other files with the same pair as well.
"""

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from demiurgic.errors import BadEvaluationFile, UserError, WorkError
from demiurgic.evaluation.pairwise.asking import Choice, Question, Ruling
from demiurgic.messages import Json


class Rulings:
    """The rulings of one folder, open for more by one program at a time."""

    def __init__(self, folder: Path, judge: str) -> None:
        """`judge` is the identity of the one who rules. A last line that was cut off is dropped."""
        self._path, self._judge = folder / "rulings.jsonl", judge
        self._lock = FileLock(folder / "rulings.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(f"another program writes to {folder}", "wait for it, or name another --out") from error
        self._known: dict[str, Ruling] = {}
        try:
            whole = self._load()
            self._file = self._path.open("ab")
            self._file.truncate(whole)
        except OSError as error:
            self._lock.release()
            raise WorkError(f"{self._path} cannot be used: {error.strerror}") from error
        except BadEvaluationFile:
            self._lock.release()
            raise

    def get(self, question: Question) -> Ruling | None:
        """What was ruled before."""
        return self._known.get(self._key(question))

    def add(self, question: Question, ruling: Ruling) -> None:
        """Keep a ruling. It is on the disk when this returns."""
        key = self._key(question)
        row = {"key": key, "id": question.pair.id, "swapped": question.swapped}
        try:
            self._file.write(json.dumps({**row, "choice": ruling.choice, "said": ruling.said}).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise WorkError(f"{self._path} cannot be written: {error.strerror}", "the run goes on from here") from error
        self._known[key] = ruling

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._lock.release()

    def _key(self, question: Question) -> str:
        told = json.dumps([self._judge, question.pair.prompt, *question.shown])
        return hashlib.sha256(told.encode()).hexdigest()

    def _load(self) -> int:
        """Take in all whole lines. Returns how many bytes they are."""
        size = 0
        if not self._path.exists():
            return size
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    row: Json = json.loads(line)
                    self._known[str(row["key"])] = Ruling(Choice(row["choice"]), str(row["said"]))
                except (ValueError, TypeError, KeyError) as error:
                    raise BadEvaluationFile(f"{self._path}, line {number} is damaged: {error}") from error
                size += len(line)
        return size
