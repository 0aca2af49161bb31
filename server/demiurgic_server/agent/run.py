"""One run: an agent at work in a thread of its own, whoever listens.

Its state belongs to the event loop's thread; the agent's thread sends there what happens. Only `Turn`, `Answers` and
`Lender` are used by both.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from demiurgic.agent.agent import Turn
from demiurgic.agent.desk import Desk
from demiurgic.agent.events import AgentEvent, ApprovalAsked, ApprovalGiven, Delegated, ToolOutput, TurnEnded
from demiurgic.agent.sessions.wire import event_line
from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.desk import DeskOptions, open_desk
from demiurgic.config import Settings
from demiurgic_server.agent.answers import Answers
from demiurgic_server.agent.lending import Lender
from demiurgic_server.agent.story import Story

State = Literal["starting", "running", "waiting", "ended"]

_MOST_OUTPUT = 4 * 2**20
"""Bytes of what programs write that are kept for late readers. The session never holds them, and the model reads its
own part of them."""

_log = logging.getLogger("demiurgic.server")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants done, and where."""

    client: str
    folder: Path
    prompt: str
    model: str | None
    settings: Callable[[], Settings]
    """Read in the run's thread, since the project may have a say in them."""
    options: DeskOptions
    seconds: float


@dataclass(frozen=True, slots=True)
class Place:
    """What a run works with."""

    session: str
    model: str
    approve: str


class Run:
    """Made in the event loop's thread."""

    def __init__(self, wanted: Wanted, lender: Lender) -> None:
        self.id = f"run-{secrets.token_hex(12)}"
        self.wanted, self.created = wanted, int(time.time())
        self.story, self.answers = Story(), Answers(wanted.seconds)
        self.place: Place | None = None
        self.asked: ApprovalAsked | None = None
        self.result: TurnEnded | None = None
        self._lender = lender
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[Place] = self._loop.create_future()
        self._cancelled = threading.Event()
        self._turn: Turn | None = None
        self._output = 0

    @property
    def state(self) -> State:
        """What it does now."""
        if self.story.ended:
            return "ended"
        if self.place is None:
            return "starting"
        return "waiting" if self.asked else "running"

    def start(self) -> None:
        """Begin to work."""
        threading.Thread(target=self._work, name="agent", daemon=True).start()

    async def opened(self) -> None:
        """Wait until it has begun to work. Raises why it could not."""
        await asyncio.shield(self._opened)

    def cancel(self) -> None:
        """End soon, keeping what came."""
        self._cancelled.set()
        self.answers.refuse()
        self._lender.give_up()  # before the turn, whose reply may wait for a place and holds a lock meanwhile
        if self._turn is not None:
            self._turn.cancel()

    def steer(self, text: str) -> bool:
        """Tell the model something before its next reply. False where nothing goes on."""
        if self._turn is None or self.story.ended or self.result is not None:
            return False
        return self._turn.steer(text)

    def _work(self) -> None:
        """The agent's thread."""
        problem: BaseException | None = None
        try:
            with closing(self._desk()) as desk:
                turn = desk.say(self.wanted.prompt)
                self._begin(desk, turn)
                for event in turn:
                    self._tell(event)
        except BaseException as error:  # noqa: BLE001 - carried over to the loop, and told there
            problem = error
        self._send(self._end, problem)

    def _desk(self) -> Desk:
        def open_model(_: Settings, name: str) -> ChatModel:
            return self._lender.open(name or self.wanted.model)

        return open_desk(self.wanted.settings(), self.wanted.folder, self.answers, self.wanted.options, open_model)

    def _begin(self, desk: Desk, turn: Turn) -> None:
        self._turn = turn
        if self._cancelled.is_set():
            turn.cancel()
        self._send(self._open, Place(desk.session.id, desk.equipment.model.name, desk.mode.value))

    def _tell(self, told: AgentEvent) -> None:
        event = _innermost(told)
        if isinstance(event, ApprovalAsked):
            self.answers.expect(event)
        line = event_line(told)
        if isinstance(event, ToolOutput):
            self._output += len(line)
            if self._output > _MOST_OUTPUT:
                return
        self._send(self._happened, told, line)

    def _send(self, what: Callable[..., None], *about: object) -> None:
        self._loop.call_soon_threadsafe(what, *about)

    def _open(self, place: Place) -> None:
        self.place = place
        self._opened.set_result(place)

    def _happened(self, told: AgentEvent, line: bytes) -> None:
        match _innermost(told):
            case ApprovalAsked() as asked:
                self.asked = asked
            case ApprovalGiven():
                self.asked = None
            case _:
                pass
        if isinstance(told, TurnEnded):
            self.result = told
        self.story.add(line)

    def _end(self, problem: BaseException | None) -> None:
        if self.place is None:
            self._opened.set_exception(problem or AssertionError("it ended before it began"))
        elif problem is not None:
            _log.error("run %s failed", self.id, exc_info=problem)
        self.story.end(problem)


def _innermost(told: AgentEvent) -> AgentEvent:
    """What happened, be it to a helper."""
    return told.event if isinstance(told, Delegated) else told
