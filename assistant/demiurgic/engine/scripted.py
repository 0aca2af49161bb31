"""An engine without a model: it answers with prepared texts, one after the other.

For tests and dry runs of everything above an engine. A token is a byte, or one of the markers. It keeps the
protocol's promises (progress, stop texts, limits, cancelling), but knows no grammars, drafts or sampling.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demiurgic.engine.protocol import (
    Done,
    EndReason,
    EngineEvent,
    EngineStats,
    ModelFacts,
    Piece,
    Reading,
    Request,
)
from demiurgic.engine.text import TextStream
from demiurgic.errors import ContextOverflow, DemiurgicError, EngineError, UnsupportedRequest, UserError

_BYTES = 256


@dataclass(frozen=True, slots=True)
class Script:
    """What a `ScriptedEngine` does. Answers are given in turn; when there are none left, an error is raised."""

    answers: tuple[str | DemiurgicError, ...] = ()
    markers: tuple[str, ...] = ("<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")
    end: str = "<|im_end|>"
    context: int = 4096
    piece: int = 4
    """Tokens in each piece."""
    delay: float = 0.0
    """Seconds before each piece."""


class ScriptedEngine:
    """Satisfies `Engine`. `requests` holds what was asked of it."""

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self._script = script
        self._markers = {marker: _BYTES + number for number, marker in enumerate(script.markers)}
        self._names = {token: marker.encode() for marker, token in self._markers.items()}
        self._pattern = re.compile("|".join(map(re.escape, script.markers)) or r"(?!)")
        self._lock = threading.Lock()
        self._next = 0
        self._closed = False

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""
        end = self._markers.get(self._script.end)
        return ModelFacts(
            name="scripted",
            fingerprint="scripted",
            architecture="scripted",
            parameters=0,
            bytes=0,
            context=self._script.context,
            trained_context=self._script.context,
            vocabulary=_BYTES + len(self._markers),
            bos=None,
            eos=end,
            ends=frozenset(() if end is None else (end,)),
            markers=dict(self._markers),
            template=None,
            fill=None,
            rewinds=True,
        )

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Bytes, and markers where they are named and wanted."""
        if not markers:
            return list(text.encode())
        tokens: list[int] = []
        at = 0
        for found in self._pattern.finditer(text):
            tokens += text[at : found.start()].encode()
            tokens.append(self._markers[found.group()])
            at = found.end()
        return [*tokens, *text[at:].encode()]

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The text's bytes."""
        return b"".join(self._names.get(token) or bytes([token]) for token in tokens)

    def generate(self, request: Request) -> "ScriptedGeneration":
        """The next answer."""
        if not request.prompt:
            raise UserError("the prompt is empty")
        left = self._script.context - len(request.prompt)
        wanted = max(1, left) if request.max_tokens is None else request.max_tokens
        if wanted > left:
            raise ContextOverflow(len(request.prompt), wanted, self._script.context)
        with self._lock:
            if self._closed:
                raise EngineError("the engine is closed")
            if self._next >= len(self._script.answers):
                raise EngineError(f"the script has only {len(self._script.answers)} answers")
            answer = self._script.answers[self._next]
            self._next += 1
            self.requests.append(request)
        if isinstance(answer, DemiurgicError):
            raise answer
        return ScriptedGeneration(self, request, self.tokenize(answer)[:wanted], self._script)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """It has none."""
        raise UnsupportedRequest("a scripted engine gives no embeddings")

    def save(self, tokens: Sequence[int], path: Path) -> int:
        """The tokens themselves are all there is to know."""
        path.write_text(" ".join(map(str, tokens)))
        return len(tokens)

    def load(self, path: Path) -> tuple[int, ...]:
        """What `save` wrote."""
        return tuple(int(token) for token in path.read_text().split())

    def stats(self) -> EngineStats:
        """Nothing is ever kept."""
        return EngineStats(running=0, waiting=0, kept_sequences=0, kept_bytes=0, disk_bytes=0)

    def close(self) -> None:
        """Refuse further requests."""
        self._closed = True


@dataclass(slots=True)
class ScriptedGeneration:
    """One prepared answer under way."""

    _engine: ScriptedEngine
    _request: Request
    _tokens: list[int]
    _script: Script
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[EngineEvent]:
        total = len(self._request.prompt)
        yield Reading(total, total, 0)
        text, used = TextStream(self._request.stop), 0
        for start in range(0, len(self._tokens), self._script.piece):
            if self._cancelled.wait(self._script.delay) if self._script.delay else self._cancelled.is_set():
                reason = EndReason.CANCELLED
                break
            tokens = self._tokens[start : start + self._script.piece]
            used += len(tokens)
            yield Piece(text.feed(self._engine.detokenize(tokens)), tuple(tokens))
            if text.stopped_by is not None:
                yield self._done(EndReason.STOP_TEXT, used, text.stopped_by)
                return
        else:
            limit = self._request.max_tokens
            reason = EndReason.LENGTH if limit is not None and used >= limit else EndReason.END_TOKEN
        if held_back := text.finish():
            yield Piece(held_back, ())
        yield self._done(reason, used)

    def cancel(self) -> None:
        """End soon."""
        self._cancelled.set()

    def _done(self, reason: EndReason, used: int, stop: str | None = None) -> Done:
        end = self._engine.facts.eos if reason is EndReason.END_TOKEN else None
        return Done(reason, len(self._request.prompt), 0, used, end, stop_text=stop)
