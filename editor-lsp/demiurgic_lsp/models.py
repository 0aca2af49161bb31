"""The model behind the server: opened when it is first needed, and once."""

import asyncio
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.errors import DemiurgicError
from demiurgic_lsp.completion.filling import Filled

State = Literal["none", "opening", "ready", "busy", "failed"]

_log = logging.getLogger("demiurgic.lsp")


@dataclass(frozen=True, slots=True)
class Condition:
    """How the model is now."""

    model: str = ""
    state: State = "none"
    problem: str = ""
    tokens_per_second: float = 0.0
    """Of the latest answer long enough to tell."""
    queue: int = 0
    """Requests that the model works on."""
    remote: bool = False
    """Whether what it is asked leaves this machine."""


@dataclass(slots=True)
class Models:
    """Opens with `open`, by the name that is wished for now. One event loop."""

    open: Callable[[str], ChatModel]
    changed: Callable[[], None] = lambda: None
    """Called whenever the condition may be another."""
    wished: str = ""
    _opening: "asyncio.Future[ChatModel] | None" = None
    _model: ChatModel | None = None
    _problem: str = ""
    _pace: float = 0.0
    _working: int = 0
    _told: set[str] = field(default_factory=set[str])

    async def chat(self) -> ChatModel:
        """The model. Raises DemiurgicError where there is none."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(asyncio.to_thread(self.open, self.wished))
            self.changed()
        opening = self._opening
        try:
            model = await asyncio.shield(opening)
        except DemiurgicError as error:
            if self._opening is opening:
                self._opening = None  # it may be there the next time
                self._problem = str(error)
                self.changed()
            raise
        if self._opening is opening and self._model is None:
            self._model, self._problem = model, ""
            self.changed()
        return model

    async def use(self, name: str) -> None:
        """Let go of the model if another one is wished for. That one is opened when it is needed."""
        if name != self.wished:
            self.wished = name
            await self.close()
            self.changed()

    @property
    def condition(self) -> Condition:
        """How it is."""
        model, busy = self._model, self._working
        name = model.name if model is not None else self.wished
        state: State = "busy" if busy else "ready"
        if model is None:
            state = "opening" if self._opening is not None else "failed" if self._problem else "none"
        remote = model is not None and not isinstance(model, LocalChat)
        return Condition(name, state, self._problem, round(self._pace, 1), busy, remote)

    @contextmanager
    def working(self) -> Generator[None]:
        """For as long as the model has something to do for somebody."""
        self._working += 1
        self.changed()
        try:
            yield
        finally:
            self._working -= 1
            self.changed()

    def wrote(self, filled: Filled) -> None:
        """The model has written so much in such a time."""
        if filled.seconds > 0 and filled.tokens >= _ENOUGH:
            self._pace = filled.tokens / filled.seconds

    def note(self, error: DemiurgicError) -> None:
        """Something went wrong while somebody typed: told in the log, once, since it would come with every key."""
        if str(error) not in self._told:
            self._told.add(str(error))
            _log.warning("%s", error)

    async def close(self) -> None:
        """Free it."""
        opening, self._opening, self._model = self._opening, None, None
        if opening is None:
            return
        for model in await asyncio.gather(opening, return_exceptions=True):
            if not isinstance(model, BaseException):
                await asyncio.to_thread(model.close)


_ENOUGH = 4
"""Tokens that an answer must have for its speed to mean something."""
