"""A text under way that a model goes on with: the engine's events, as a completion tells them.

Log-probabilities belong to tokens and a text to characters. A token is told as soon as the text that was told reaches
it, so that those of a stop text, which is cut off, are not among what was written.
"""

import codecs
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from demiurgic.engine.protocol import Done, EndReason, Engine, Generation, Piece, Reading, TokenScore
from demiurgic_server.wire import finite


@dataclass(frozen=True, slots=True)
class Scored:
    """A written token: where its text begins, its log-probability, and the likeliest at its place."""

    text: str
    offset: int
    logprob: float
    rivals: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """More of the text, and the tokens that it reached."""

    text: str
    tokens: tuple[Scored, ...] = ()


Continued: TypeAlias = Reading | Written | Done


@dataclass(slots=True)
class Continuation:
    """Follow it with `follow`. `echo` is told before all else: a text, or the tokens of one."""

    engine: Engine
    generation: Generation
    echo: str | Sequence[int] = ""

    def __iter__(self) -> Iterator[Continued]:
        if self.echo:
            yield Written(self._echoed())
        reach = _Reach(self.engine)
        for event in self.generation:
            if isinstance(event, Piece):
                yield Written(event.text, tuple(reach.feed(event.text, event.scores)))
                continue
            if isinstance(event, Done) and event.reason is not EndReason.STOP_TEXT and reach.ahead:
                yield Written("", tuple(reach.ahead))
            yield event

    def cancel(self) -> None:
        """Ask for it to end soon."""
        self.generation.cancel()

    def _echoed(self) -> str:
        if isinstance(self.echo, str):
            return self.echo
        return self.engine.detokenize(self.echo).decode("utf-8", "replace")


@dataclass(slots=True)
class _Reach:
    """How far the text has come, and the tokens that it has not reached."""

    engine: Engine
    shown: int = 0
    spelled: int = 0
    ahead: deque[Scored] = field(default_factory=deque[Scored])
    decoder: codecs.IncrementalDecoder = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))

    def feed(self, text: str, scores: Sequence[TokenScore]) -> Iterator[Scored]:
        """More text and tokens. Gives those that the text has reached."""
        self.shown += len(text)
        for score in scores:
            raw = self.engine.detokenize((score.token,))
            rivals = tuple((self._named(token), finite(odds)) for token, odds in score.rivals)
            self.ahead.append(Scored(_spelled(raw), self.spelled, finite(score.logprob), rivals))
            self.spelled += len(self.decoder.decode(raw))
        while self.ahead and self.ahead[0].offset < self.shown:
            yield self.ahead.popleft()

    def _named(self, token: int) -> str:
        return _spelled(self.engine.detokenize((token,)))


def _spelled(raw: bytes) -> str:
    """A token as a text of its own. Tokens that hold parts of a letter are told apart by their bytes."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)
