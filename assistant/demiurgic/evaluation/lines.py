"""What a run has done so far: JSON lines that are only ever appended to. Whoever kills the run loses the line that was
being written, and nothing else. One program at a time writes.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from filelock import FileLock, Timeout

from demiurgic.errors import BadEvaluationFile, UserError, WorkError
from demiurgic.messages import Json
from demiurgic_models.files import Appended

Row: TypeAlias = dict[str, Json]


class Lines:
    """The lines of one file, held open for more."""

    def __init__(self, path: Path, take: Callable[[Row], None]) -> None:
        """Make the folder, if it is not there, and give every line to `take`, as `read_lines` does. Raises UserError
        where that cannot be, or where another program writes here."""
        self._path = path
        self._lock = FileLock(path.with_suffix(".lock"), thread_local=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(f"another program writes to {path.parent}", "wait for it, or name another --out") from error
        except OSError as error:
            raise UserError(f"{path.parent} cannot be written: {error.strerror}", "name another --out") from error
        try:
            whole = read_lines(path, take)
            self._file = Appended(path, whole)
        except OSError as error:
            self._lock.release()
            raise WorkError(f"{path} cannot be written: {error.strerror}") from error
        except BaseException:
            self._lock.release()
            raise

    def append(self, *rows: Row) -> None:
        """Add lines, all of them or none. They are on the disk when this returns."""
        try:
            self._file.append(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        except OSError as error:
            raise WorkError(f"{self._path} cannot be written: {error.strerror}", "the run goes on from here") from error

    def close(self) -> None:
        """Let others write."""
        self._file.close()
        self._lock.release()


def read_lines(path: Path, take: Callable[[Row], None]) -> int:
    """Give every whole line to `take`, and return how many bytes they are. A last one that was cut off is left out.

    What `take` raises as ValueError, TypeError or KeyError becomes a BadEvaluationFile that names the line.
    """
    whole = 0
    if not path.exists():
        return whole
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                take(json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise BadEvaluationFile(f"{path}, line {number} is damaged: {error}") from error
            whole += len(line)
    return whole
