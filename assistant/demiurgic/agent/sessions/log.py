"""A file of lines that is only ever appended to, and what a crash can leave of it.

What was written is on the disk before the writer goes on. A line that was not finished when the program or the machine
died was never shown to anybody: it is cut off when the file is opened for writing the next time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from demiurgic.agent.sessions.records import Record
from demiurgic.agent.sessions.values import Mismatch, from_json, to_json
from demiurgic.agent.sessions.wire import VERSION, to_line
from demiurgic.errors import SessionError
from demiurgic.messages import JsonObject
from demiurgic.messages_json import from_line
from demiurgic_models.files import Appended


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: its records, and how many of its bytes are whole lines."""

    records: Sequence[Record]
    whole: int


def read_log(path: Path) -> Read:
    """All records. Raises SessionError where a line in the middle, or what it says, cannot be understood."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror}") from error
    *lines, _unfinished = data.split(b"\n")
    records: list[Record] = []
    whole = 0
    for number, line in enumerate(lines, 1):
        try:
            held = from_line(line)
        except ValueError as error:
            if number == len(lines):  # a disk that lost its power in the middle may keep a line's end without the line
                break
            raise SessionError(
                f"{path} is damaged in line {number}: {error}", "the lines before it are good: cut off the rest"
            ) from error
        records.append(_record(path, number, held))
        whole += len(line) + 1
    return Read(records, whole)


class Log:
    """A file that one process at a time appends to."""

    def __init__(self, path: Path) -> None:
        """Open a file that is there, or make one. What a crash left unfinished is cut off."""
        self.path = path
        self._lock = FileLock(path.with_suffix(".lock"), thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise SessionError(
                f"the session {path.stem} is open in another process", "go on there, or begin another: demiurgic"
            ) from error
        except OSError as error:
            raise SessionError(f"{path} cannot be locked: {error.strerror}") from error
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def append(self, records: Iterable[Record]) -> None:
        """Write records so that they outlive a power cut. Either all of them are there afterwards, or none."""
        data = b"".join(to_line(to_json(record)) for record in records)
        try:
            self._file.append(data)
        except OSError as error:
            raise SessionError(
                f"{self.path} cannot be written: {error.strerror}",
                "free some room on the disk; what was said so far is safe",
            ) from error

    def close(self) -> None:
        """Let others open it."""
        self._file.close()
        self._lock.release()

    def _open(self) -> None:
        read = read_log(self.path) if self.path.exists() else Read((), 0)
        try:
            self._file = Appended(self.path, read.whole, 0o600)
        except OSError as error:
            raise SessionError(f"{self.path} cannot be opened: {error.strerror}") from error
        self.records = read.records


def _record(path: Path, number: int, held: JsonObject) -> Record:
    try:
        return from_json(Record, held)
    except Mismatch as error:
        newer = held.get("v") != VERSION
        hint = "a newer version wrote it: update this one" if newer else ""
        raise SessionError(
            f"{path} says in line {number} what this version does not understand: {error}", hint
        ) from error
