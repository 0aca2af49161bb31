"""All sessions of one folder: making, finding, opening and copying them."""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from demiurgic.agent.sessions.history import history
from demiurgic.agent.sessions.log import Log, read_log
from demiurgic.agent.sessions.records import Began, FilesSaved, Record
from demiurgic.agent.sessions.session import Session
from demiurgic.errors import NoSuchSession, SessionError
from demiurgic.messages import Tool
from demiurgic.workspace.state import project_folder

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Start:
    """What a session begins with. It stays as it is for as long as the session goes on."""

    model: str
    system: str
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of a list of sessions. `problem` says why one cannot be opened."""

    id: str
    title: str
    changed: float
    folder: str
    turns: int
    problem: str = ""


class Shelf:
    """The sessions that belong to one folder of the user."""

    def __init__(self, state_dir: Path, root: Path) -> None:
        self._root = root.resolve()
        self._folder = project_folder(state_dir, root) / "sessions"

    def path(self, name: str) -> Path:
        """The file of a session. Raises NoSuchSession where that can be no session's name."""
        if not _ID.fullmatch(name):
            raise NoSuchSession(f"{name!r} is no session", "see which there are: demiurgic, then /sessions")
        return self._folder / f"{name}.jsonl"

    def new(self, start: Start) -> Session:
        """Begin a session."""
        return self._made([self._began(start)])

    def open(self, name: str) -> Session:
        """Go on with a session. Raises NoSuchSession, or SessionError where another process has it open."""
        path = self.path(name)
        if not path.is_file():
            raise NoSuchSession(
                f"there is no session {name} of {self._root}", "see which there are: demiurgic, then /sessions"
            )
        return Session(Log(path))

    def latest(self) -> str | None:
        """The session that was written to last, of those that can be opened."""
        return next((summary.id for summary in self.list() if not summary.problem and summary.turns), None)

    def list(self) -> Sequence[Summary]:
        """All sessions, the latest first. They may be open meanwhile."""
        found = [self._summary(path) for path in self._folder.glob("*.jsonl")]
        return sorted(found, key=lambda summary: summary.changed, reverse=True)

    def fork(self, name: str, start: Start | None = None) -> Session:
        """A session of its own that goes on from where another is; by default with what that one began with."""
        records = read_log(self.path(name)).records
        told = history(records, name)
        start = start or Start(told.began.model, told.began.system, told.began.tools)
        began = replace(self._began(start), forked_from=name)
        copied: list[Record] = [began]
        for number, each in enumerate(told.path(), 1):
            copied.append(replace(each.began, turn=number, parent=number - 1))
            copied.extend(FilesSaved(snapshot) for snapshot in each.files)
            copied.extend(each.records)
        return self._made(copied)

    def _began(self, start: Start) -> Began:
        now = time.time()
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(3)}"
        return Began(name, now, str(self._root), start.model, start.system, start.tools)

    def _made(self, records: Sequence[Record]) -> Session:
        began = records[0]
        assert isinstance(began, Began)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise SessionError(f"{self._folder} cannot be made: {error.strerror}") from error
        log = Log(self.path(began.id))
        try:
            log.append(records)
            log.records = records
            return Session(log)
        except BaseException:
            log.close()
            raise

    def _summary(self, path: Path) -> Summary:
        changed = path.stat().st_mtime
        try:
            told = history(read_log(path).records, path.stem)
        except SessionError as error:
            return Summary(path.stem, "", changed, str(self._root), 0, error.message)
        return Summary(path.stem, told.name(), changed, told.began.folder, len(told.turns))
