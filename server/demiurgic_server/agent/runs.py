"""All runs of one server: who may begin one, whose they are, and how they end with the server.

Used in the event loop's thread. Runs that have ended are kept for a while; then only their sessions are left, on disk.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from demiurgic.compose.desk import DeskOptions
from demiurgic.config import Settings
from demiurgic.errors import NoSuchSession, SessionError
from demiurgic_server.agent.lending import Lender
from demiurgic_server.agent.run import Run, Wanted
from demiurgic_server.agent.workspaces import overlap, workspace_of
from demiurgic_server.gate import Gate
from demiurgic_server.meter import Meter
from demiurgic_server.pool import Models
from demiurgic_server.problems import BadField, Refused, Stopping, TooManyRuns
from demiurgic_server.serving import Serving

_KEPT = 32
"""Ended runs whose events can still be read."""

SettingsFor = Callable[[Path, str], Settings]
"""The settings that hold in a folder for a run that is to ask so often."""


@dataclass(frozen=True, slots=True)
class Means:
    """What runs are made of."""

    pool: Models
    gate: Gate
    meter: Meter
    stopping: asyncio.Event
    settings_for: SettingsFor


@dataclass(frozen=True, slots=True)
class Task:
    """What a client asks for. `workspace` is as the client wrote it."""

    workspace: str
    prompt: str
    model: str | None = None
    approve: str = "ask"
    options: DeskOptions = field(default_factory=DeskOptions)


class Runs:
    """The runs of one server."""

    def __init__(self, serving: Serving, means: Means) -> None:
        self._serving, self._means = serving, means
        self._runs: dict[str, Run] = {}
        self._attending: set[asyncio.Task[None]] = set()

    @property
    def working(self) -> int:
        """How many have not ended."""
        return len(self._unended())

    async def begin(self, client: str, task: Task) -> Run:
        """Begin to work, and wait until the model and the folder are at hand. Raises whatever prevents that."""
        folder = workspace_of(task.workspace, self._serving.roots)
        self._refuse_where_full(folder)
        means = self._means
        settings = partial(means.settings_for, folder, task.approve)
        seconds = self._serving.limits.run_seconds
        options = replace(task.options, limits=replace(task.options.limits, seconds=seconds))
        wanted = Wanted(client, folder, task.prompt, task.model, settings, options, seconds)
        run = Run(wanted, Lender(means.pool, means.gate, means.meter, client))
        self._runs[run.id] = run
        run.start()
        attending = asyncio.create_task(self._attend(run))
        self._attending.add(attending)
        attending.add_done_callback(self._attending.discard)
        try:
            await run.opened()
        except NoSuchSession as error:
            raise BadField("session", f"session: {error.message}") from error
        except SessionError as error:
            raise Refused(409, error.message, error.hint) from error
        return run

    def of(self, client: str) -> Sequence[Run]:
        """A client's runs, the latest last."""
        return [run for run in self._runs.values() if run.wanted.client == client and run.place is not None]

    def get(self, client: str, name: str) -> Run:
        """One of them. Raises Refused: the runs of others are not there."""
        for run in self.of(client):
            if run.id == name:
                return run
        raise Refused(404, f"there is no run {name!r}")

    async def close(self, grace: float) -> None:
        """Wait for what still works. It ends by itself, or when the grace is over."""
        if self._attending:
            await asyncio.wait(self._attending, timeout=grace)
        for run in self._unended():
            run.cancel()
        if self._attending:
            await asyncio.wait(self._attending)

    def _unended(self) -> list[Run]:
        return [run for run in self._runs.values() if not run.story.ended]

    def _refuse_where_full(self, folder: Path) -> None:
        if self._means.stopping.is_set():
            raise Stopping("this server is being stopped")
        working = self._unended()
        if any(overlap(folder, run.wanted.folder) for run in working):
            raise Refused(409, f"an agent is at work in {folder} already")
        if len(working) >= self._serving.limits.runs:
            raise TooManyRuns(len(working))

    async def _attend(self, run: Run) -> None:
        """Wait for its end, and bring that about when the server stops."""
        stop, end = asyncio.create_task(self._means.stopping.wait()), asyncio.create_task(run.story.wait())
        await asyncio.wait((stop, end), return_when=asyncio.FIRST_COMPLETED)
        if not end.done():
            run.cancel()
        await end
        stop.cancel()
        self._forget(run)

    def _forget(self, run: Run) -> None:
        if run.place is None:
            del self._runs[run.id]  # it never was one
        ended = [each for each in self._runs.values() if each.story.ended]
        for each in ended[:-_KEPT]:
            del self._runs[each.id]
