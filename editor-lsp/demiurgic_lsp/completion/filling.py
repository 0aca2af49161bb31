"""A hole that is being filled, by whatever kind of model."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from demiurgic.chat.protocol import Reply
from demiurgic.engine.protocol import EngineEvent, Generation, Piece
from demiurgic.events import ChatEvent, TextDelta
from demiurgic.templates.filling import Nearby
from demiurgic_lsp.completion.ending import so_far, whole
from demiurgic_lsp.completion.hole import Hole
from demiurgic_lsp.completion.trimming import trimmed


@dataclass(frozen=True, slots=True)
class Filled:
    """What fits into a hole; an empty text where the model had no idea. `tokens` were written in `seconds`, counted
    from the first one; where the model tells no tokens, both are nothing."""

    text: str
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Filling:
    """An answer under way. `follow` waits for it, in any thread; `cancel` comes from any other."""

    hole: Hole
    work: Generation | Reply
    new: Callable[[str], str]
    """What of all that was written so far does not stand in the document already."""
    _said: list[str] = field(default_factory=list[str], init=False)
    _left: Event = field(default_factory=Event, init=False)
    _writes: Event = field(default_factory=Event, init=False)

    @property
    def reads(self) -> bool:
        """Whether the model still reads what is around the hole."""
        return not self._writes.is_set()

    def fits(self, typed: str) -> bool:
        """Whether what is written so far begins with this."""
        return self.new("".join(self._said)).startswith(typed)

    def follow(self) -> Filled:
        """The answer, which ends where the hole does. What a cancelled one gives is cut short."""
        written, tokens, began, last = "", 0, 0.0, 0.0
        for event in self.work:
            text, count = _written_by(event)
            if count:
                self._writes.set()
                if self._left.is_set():
                    self.work.cancel()
                last = time.monotonic()
                began, tokens = (began, tokens + count) if began else (last, 0)
            written += text
            self._said.append(text)
            kept, ended = so_far(self.new(written), self.hole) if text else ("", False)
            if ended:
                self.work.cancel()
                return Filled(trimmed(kept, self.hole), tokens, last - began)
        return Filled(trimmed(whole(self.new(written), self.hole), self.hole), tokens, last - began)

    def cancel(self) -> None:
        """Ask for it to end soon."""
        self.work.cancel()

    def leave(self) -> None:
        """Nobody wants the answer any more, but what is read now will be of use: end when that is done."""
        self._left.set()
        if not self.reads:
            self.work.cancel()


class Filler(Protocol):
    """A model that fills holes."""

    def begin(self, hole: Hole, longest: int, nearby: tuple[Nearby, ...] = ()) -> Filling:
        """Begin to fill one, with so many tokens at most. Raises what the model raises."""
        ...


def _written_by(event: EngineEvent | ChatEvent) -> tuple[str, int]:
    match event:
        case Piece(text, tokens):
            return text, len(tokens)
        case TextDelta(text):
            return text, 0
        case _:
            return "", 0
