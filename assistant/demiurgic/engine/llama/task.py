"""One request under way: its tokens, its way of choosing the next, and the stream of what it produced.

The scheduler's thread moves it on; the caller's thread reads its events and may cancel it.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Protocol

from demiurgic.engine.llama.choice import Choice
from demiurgic.engine.llama.context import Logits
from demiurgic.engine.llama.drafts import Drafter
from demiurgic.engine.llama.model import Model
from demiurgic.engine.llama.sampler import Sampler, score
from demiurgic.engine.llama.sequences import Held
from demiurgic.engine.llama.snapshots import AdapterKey
from demiurgic.engine.protocol import Done, EndReason, EngineEvent, Piece, Reading, Request, TokenScore
from demiurgic.engine.text import TextStream
from demiurgic.errors import DemiurgicError


class Rule(Protocol):
    """What the output must satisfy: a grammar or a choice."""

    def allows(self, token: int) -> bool: ...

    def mask(self, logits: Logits) -> None: ...

    def accept(self, token: int) -> None: ...

    @property
    def complete(self) -> bool: ...


class Task:
    """A request and all of its state."""

    def __init__(self, request: Request, model: Model, sampler: Sampler, constraint: Rule | None) -> None:
        self.request, self._model, self.sampler, self._constraint = request, model, sampler, constraint
        self.adapters: AdapterKey = tuple((str(adapter.path), adapter.scale) for adapter in request.adapters)
        self.tokens = list(request.prompt)
        self.held: Held | None = None
        self.drafter: Drafter | None = None
        self.cached = 0
        self.drafted = self.accepted = 0
        self.room = 0
        """Tokens that may still be written."""
        self.greedy = request.sampling.temperature == 0
        self.alone = False
        """Whether its next token must be evaluated without a draft."""
        self.started = False
        self.cancelled = False
        self.ended = False
        self._text = TextStream(request.stop)
        self._out: list[str] = []
        self._new: list[int] = []
        self._scores: list[TokenScore] = []
        self.events: queue.SimpleQueue[EngineEvent | DemiurgicError] = queue.SimpleQueue()

    @property
    def evaluated(self) -> int:
        """How many of its tokens its sequence holds."""
        return len(self.held.tokens) if self.held else 0

    @property
    def pending(self) -> int:
        """Tokens that must be evaluated before the next can be chosen."""
        return len(self.tokens) - self.evaluated

    @property
    def written(self) -> int:
        """Tokens it has produced."""
        return len(self.tokens) - len(self.request.prompt)

    @property
    def reading(self) -> bool:
        """Whether it still reads its prompt (or, after it was put aside, its past) rather than writes."""
        return self.pending > 1

    def choose(self, logits: Logits) -> int | None:
        """Choose and take in the next token; None once it has ended."""
        scored = self.request.logprobs
        # Masking writes into the logits, and what is reported is what the model thought before that.
        raw = logits.copy() if scored is not None and self._constraint else logits
        among = self._constraint.options if isinstance(self._constraint, Choice) else None
        token = self._pick(logits)
        self.sampler.accept(token)
        told = score(raw, token, scored, among) if scored is not None else None
        if token in self._model.ends:
            self._finish(EndReason.END_TOKEN, token, told)
            return None
        self._take(token, told)
        return None if self.ended else token

    def learn(self, guessed: int, agreed: int) -> None:
        """A draft was verified."""
        self.drafted += guessed
        self.accepted += agreed
        if self.drafter is not None:
            self.drafter.learn(guessed, agreed)

    def flush(self) -> None:
        """Send what has been produced since the last time."""
        if self._new or self._out:
            self.events.put(Piece("".join(self._out), tuple(self._new), tuple(self._scores)))
            self._out, self._new, self._scores = [], [], []

    def progress(self) -> None:
        """Tell how much of the prompt has been read."""
        total = len(self.request.prompt)
        self.events.put(Reading(min(self.evaluated, total), total, self.cached))

    def cancel(self) -> None:
        """End here, keeping what came."""
        if not self.ended:
            self._finish(EndReason.CANCELLED)

    def fail(self, error: DemiurgicError) -> None:
        """End with an error."""
        if not self.ended:
            self.ended = True
            self.flush()
            self.events.put(error)

    def _pick(self, logits: Logits) -> int:
        token = self.sampler.pick(logits)
        constraint = self._constraint
        if constraint is not None:
            if not constraint.allows(token):
                constraint.mask(logits)
                token = self.sampler.pick(logits)
            constraint.accept(token)
        return token

    def _take(self, token: int, scored: TokenScore | None) -> None:
        self.tokens.append(token)
        self.room -= 1
        self._new.append(token)
        if scored:
            self._scores.append(scored)
        self._out.append(self._text.feed(self._model.piece(token, special=self.request.markers)))
        if self._text.stopped_by is not None:
            self._finish(EndReason.STOP_TEXT)
        elif self._constraint is not None and self._constraint.complete:
            self._finish(EndReason.GRAMMAR)
        elif self.room <= 0:
            self._finish(EndReason.LENGTH)

    def _finish(self, reason: EndReason, end_token: int | None = None, end_score: TokenScore | None = None) -> None:
        self.ended = True
        self._out.append(self._text.finish())
        self.flush()
        self.events.put(
            Done(
                reason,
                prompt_tokens=len(self.request.prompt),
                cached_tokens=self.cached,
                completion_tokens=self.written,
                end_token=end_token,
                drafted=self.drafted,
                accepted=self.accepted,
                end_score=end_score,
                stop_text=self._text.stopped_by,
            )
        )


class TaskStream:
    """The caller's end of a task: the `Generation` that an engine hands out."""

    def __init__(self, task: Task, cancel: Callable[[Task], None]) -> None:
        self._task, self._cancel = task, cancel

    def __iter__(self) -> Iterator[EngineEvent]:
        while True:
            event = self._task.events.get()
            if isinstance(event, DemiurgicError):
                raise event
            yield event
            if isinstance(event, Done):
                return

    def cancel(self) -> None:
        """Ask for it to end soon."""
        self._cancel(self._task)
