"""Long work, in processes of its own: begun from the page, and found again by every page and every later server.

A job is a folder. Its command runs beneath a keeper (keeper.py) in a session of its own, so that neither a closed page
nor a killed server ends it. Whether it runs is read from the machine each time; nothing of it is only in memory.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from demiurgic_models.files import write_beside
from demiurgic_server.problems import Refused
from demiurgic_server.studio.keeper import EXIT, LOG, PROCESS, STOPPED

State = Literal["running", "stopping", "done", "stopped", "failed", "lost"]

_ABOUT, _KEEPER = "job.json", "keeper.json"
_MOST_LOG = 256 * 1024
_BEFORE = -512 * 1024
"""Where a reader begins in a log that is longer than this."""
_RUN = (sys.executable, "-P", "-m")
"""Python as this one, which takes no modules from the folder that it works in."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: the words behind `demiurgic`, and what the page calls it."""

    form: str
    title: str
    words: tuple[str, ...]
    folder: str
    values: dict[str, Any]
    """The form as it was filled in."""
    then: tuple[str, ...] = ()
    """The words of what may be begun by somebody who has seen what this one told."""


def estimate_of(order: Order) -> Order:
    """What says the price of an order, and asks nobody."""
    return replace(order, words=(*order.words, "--dry-run"), then=(*order.words, "--yes"))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    id: str
    order: Order
    created: float
    state: State
    code: int | None = None
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a log, and where the next one begins."""

    text: str
    next: int


class JobHouse:
    """All jobs of this user. Any number of servers may look at the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, order: Order) -> Job:
        """Begin, and say which job it is."""
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
        folder = self._folder / name
        folder.mkdir(mode=0o700)
        write_beside(folder / _ABOUT, json.dumps({"created": time.time(), "order": asdict(order)}, indent=2))
        command = (*_RUN, "demiurgic_server.studio.keeper", str(folder), *_RUN, "demiurgic", *order.words)
        keeper = subprocess.Popen(
            command,
            cwd=order.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with suppress(psutil.NoSuchProcess):
            born = psutil.Process(keeper.pid).create_time()
            write_beside(folder / _KEEPER, json.dumps({"pid": keeper.pid, "born": born}))
        threading.Thread(target=keeper.wait, name="keeper", daemon=True).start()  # or it would stay as a zombie
        return self.get(name)

    def all(self) -> list[Job]:
        """The latest first."""
        found: list[Job] = []
        for name in sorted((each.name for each in self._folder.iterdir()), reverse=True):
            with suppress(Refused, FileNotFoundError):  # another page may take one off the list meanwhile
                found.append(self.get(name))
        return found

    def get(self, name: str) -> Job:
        """One of them. Raises Refused."""
        folder = self._at(name)
        try:
            about: Any = json.loads((folder / _ABOUT).read_text("utf-8"))
        except ValueError as error:
            raise Refused(404, f"of job {name!r} nothing can be read", f"delete {folder}") from error
        told: Any = about["order"]
        order = Order(
            told["form"],
            told["title"],
            tuple(told["words"]),
            told["folder"],
            told["values"],
            tuple(told.get("then", ())),
        )
        state, code = _standing(folder)
        ended = (folder / EXIT).stat().st_mtime if code is not None else None
        return Job(name, order, about["created"], state, code, ended)

    def stop(self, name: str) -> Job:
        """Ask the command to end as it promises to; to most, a second time means at once. Does nothing to a job that
        has ended."""
        folder = self._at(name)
        if self.get(name).state in ("running", "stopping"):
            (folder / STOPPED).touch()  # before the look: a command that only begins is stopped by its keeper
            running = _alive(folder / PROCESS)
            if running is not None:
                with suppress(ProcessLookupError):
                    os.kill(running, signal.SIGTERM)
        return self.get(name)

    def forget(self, name: str) -> None:
        """Delete what is kept of a job that has ended; what it made stays. Raises Refused."""
        folder = self._at(name)
        if self.get(name).state in ("running", "stopping"):
            raise Refused(409, "the job goes on", "stop it first")
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()

    def log(self, name: str, after: int) -> Chunk:
        """What it said behind a place, whole lines while it goes on. The beginning of a very long log is left out."""
        file = self._at(name) / LOG
        if not file.exists():
            return Chunk("", 0)
        ended = _standing(self._at(name))[1] is not None
        return read_on(file, after, whole=not ended)

    def _at(self, name: str) -> Path:
        folder = self._folder / name
        if not name.replace("-", "").isalnum() or not (folder / _ABOUT).is_file():
            raise Refused(404, f"there is no job {name!r}", "reload the page")
        return folder


def read_on(file: Path, after: int, *, whole: bool, all_of_it: bool = False) -> Chunk:
    """What a growing file holds behind a place, only whole lines if wanted. Unless all of it is wanted, the first part
    of a very long one is left out."""
    size = file.stat().st_size
    after = min(after, size) or (0 if all_of_it else max(0, size + _BEFORE))
    with file.open("rb") as opened:
        opened.seek(after)
        data = opened.read(_MOST_LOG)
    if whole or after + len(data) < size:
        data = data[: data.rfind(b"\n") + 1] or (data if len(data) == _MOST_LOG else b"")
    return Chunk(data.decode("utf-8", "replace"), after + len(data))


def _standing(folder: Path) -> tuple[State, int | None]:
    stopped = (folder / STOPPED).exists()
    running = _alive(folder / PROCESS) is not None or _alive(folder / _KEEPER) is not None
    try:  # behind the look at the processes, so that one that ended in between is not taken for lost
        code = int((folder / EXIT).read_text("ascii"))
    except FileNotFoundError:
        return ("stopping" if stopped else "running") if running else "lost", None
    if code == 0:
        return "done", code
    return ("stopped" if stopped else "failed"), code


def _alive(file: Path) -> int | None:
    """The process that a file names, if it still is the same one."""
    try:
        noted: Any = json.loads(file.read_text("utf-8"))
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["born"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return process.pid if same else None
