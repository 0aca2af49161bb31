"""Work that is done by another process: a command of this program, with what it said in a file.

Its memory goes back when it ends, and when it crashes nothing else does. Whoever kills the loop alone leaves such a
process behind: it holds the loop's lock for as long as it lives, so that the next start waits for it instead of doing
the same beside it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from demiurgic.errors import UserError, WorkError
from demiurgic_training.distilling.records import Cost

_LOOK = 0.2
"""Seconds between two looks at a process."""
_GRACE = 60.0
"""Seconds that it has to save what it has."""
_TAIL = 4096


@dataclass(slots=True)
class Steps:
    """Runs commands for one stage, and adds up what they cost."""

    log: Path
    lock: int | None
    show: Callable[[str], None]
    cost: Cost = field(default_factory=Cost)

    def command(self, *arguments: object) -> None:
        """`demiurgic` with these arguments. Raises what it came to, in its own words."""
        self.module("demiurgic", *arguments)

    def module(self, name: str, *arguments: object) -> None:
        """Any module that can be run. Raises UserError or WorkError, as its exit code says."""
        line = [sys.executable, "-m", name, *map(str, arguments)]
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(['python', *line[1:]])}\n".encode())
            log.flush()
            code = self._ran(line, log.fileno())
        if code:
            self._fail(line[2:], code)

    def _ran(self, line: Sequence[str], log: int) -> int:
        kept = () if self.lock is None else (self.lock,)
        # In a group of its own, as Ctrl-C in a terminal goes to all of a group: a step is told by us, and only once.
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=kept, process_group=0
        )
        try:
            return self._waited(process)
        except BaseException:
            self._end(process)
            raise

    def _waited(self, process: "subprocess.Popen[bytes]") -> int:
        began = time.monotonic()
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                process.returncode = os.waitstatus_to_exitcode(status)
                self.cost = replace(
                    self.cost,
                    processor=self.cost.processor + used.ru_utime + used.ru_stime,
                    memory=max(self.cost.memory, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)),
                )
                return process.returncode
            self.show(f"{last_line(self.log)}  {time.monotonic() - began:.0f} s".strip())
            time.sleep(_LOOK)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Politely first: a training saves what it has."""
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        if process.poll() is None:
            process.kill()
            process.wait()

    def _fail(self, line: Sequence[str], code: int) -> None:
        said = last_line(self.log).removeprefix("demiurgic: ")
        what = f"{' '.join(line[1:3] if line[0] == 'demiurgic' else line[:1])}: {said}"
        if code == 2:
            raise UserError(what, f"all that it said is in {self.log}")
        ended = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
        raise WorkError(f"{what} ({ended})", f"all that it said is in {self.log}; start again to go on")


def last_line(log: Path) -> str:
    """What was said last in a file; of a line that was drawn again and again, as it was last."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").replace("\r", "\n").split("\n")]
    except FileNotFoundError:
        return ""
    return next((line for line in reversed(lines) if line), "")


@contextmanager
def alone(path: Path, wait: Callable[[], None]) -> Generator[int | None]:
    """The lock of a loop's steps, to be handed on to them. Waits, after calling `wait`, while one of an earlier start
    still runs. Systems without such locks have None."""
    if os.name != "posix":
        yield None
        return
    import fcntl

    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)
