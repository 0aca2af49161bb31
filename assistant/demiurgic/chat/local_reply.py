"""One reply of a local model: raw pieces from the engine become typed events, a broken call gets one more try.

A call that no tool could take is rejected, and the model goes on from where it began, once, under a grammar that
lets nothing but valid calls through.
"""

import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace

from demiurgic.engine.protocol import Done, EndReason, Engine, Generation, Piece, Reading, Request
from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallRejected,
    CallStarted,
    ChatEvent,
    Finish,
    PromptProgress,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
)
from demiurgic.messages import Assistant, Tool, ToolCall, Usage
from demiurgic.templates.protocol import (
    CallBroken,
    CallOpened,
    CallRead,
    CallRules,
    CallText,
    ReadEvent,
    ReplyReader,
    Said,
    Template,
    Thought,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a reply."""

    engine: Engine
    template: Template
    request: Request
    tools: tuple[Tool, ...]
    think: bool


@dataclass(slots=True)
class _Answer:
    """The reply so far."""

    text: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    rejected: list[CallRejected] = field(default_factory=list[CallRejected])
    broken: CallBroken | None = None
    native: bool = True
    begun: int = 0
    open_id: str = ""
    """The announced call that is not complete yet."""

    def message(self) -> Assistant:
        """The turn as it enters the conversation."""
        text = "".join(self.text)
        return Assistant(text.strip() if self.calls else text, "".join(self.reasoning).strip(), tuple(self.calls))


@dataclass(slots=True)
class _Raw:
    """What the engine produced: text, tokens, and where in the tokens each piece of text ended."""

    text: str = ""
    tokens: list[int] = field(default_factory=list[int])
    borders: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def add(self, piece: Piece) -> None:
        self.text += piece.text
        self.tokens += piece.tokens
        self.borders.append((len(self.text), len(self.tokens)))

    def before(self, part: str) -> list[int]:
        """The tokens that stand wholly before the last occurrence of `part`."""
        start = self.text.rfind(part) if part else len(self.text)
        keep = max((tokens for length, tokens in self.borders if length <= start), default=0)
        return self.tokens[:keep]


class LocalReply:
    """Satisfies `Reply`. It has started when it is made."""

    def __init__(self, plan: Plan, remember: Callable[[Assistant, tuple[int, ...]], None]) -> None:
        self._plan, self._remember = plan, remember
        self._lock = threading.Lock()
        self._cancelled = False
        self._generation: Generation = plan.engine.generate(plan.request)
        self._usage = Usage()
        self._events = self._follow()

    def __iter__(self) -> Iterator[ChatEvent]:
        return self._events

    def cancel(self) -> None:
        """Ask for it to end; what came is kept."""
        with self._lock:
            self._cancelled = True
            self._generation.cancel()

    def _follow(self) -> Generator[ChatEvent]:
        answer, raw = _Answer(), _Raw()
        try:
            reader = self._plan.template.reader(self._plan.tools, think=self._plan.think)
            done = yield from self._read(answer, raw, reader)
            if answer.broken is None:
                if done.end_token is not None and answer.native:
                    self._remember(answer.message(), (*raw.tokens, done.end_token))
            elif done.reason not in (EndReason.CANCELLED, EndReason.LENGTH):
                done = yield from self._repair(answer, raw)
            yield ReplyEnded(answer.message(), _finish(done, answer), self._usage, tuple(answer.rejected))
        finally:
            self._generation.cancel()

    def _read(self, answer: _Answer, raw: _Raw, reader: ReplyReader) -> Generator[ChatEvent, None, Done]:
        """Follow one generation to its end."""
        for event in self._generation:
            match event:
                case Reading(done, total, cached):
                    yield PromptProgress(done, total, cached)
                case Piece():
                    raw.add(event)
                    yield from _told(reader.feed(event.text), answer)
                case Done():
                    yield from _told(reader.finish(), answer)
                    self._usage = _sum(self._usage, event)
                    return event
        raise AssertionError("a generation ended without saying so")

    def _repair(self, answer: _Answer, raw: _Raw) -> Generator[ChatEvent, None, Done]:
        """Let the model write the broken call again, from where it began."""
        assert answer.broken is not None
        broken, first = answer.broken, answer.rejected.pop()
        named = tuple(tool for tool in self._plan.tools if tool.name == broken.name) or self._plan.tools
        request = self._plan.request
        retry = replace(
            request,
            prompt=(*request.prompt, *raw.before(broken.raw)),
            grammar=self._plan.template.call_grammar(CallRules(named, "required", parallel=False), think=False),
            max_tokens=None if request.max_tokens is None else max(1, request.max_tokens - len(raw.tokens)),
        )
        answer.broken, answer.native = None, False
        self._restart(retry)
        done = yield from self._read(answer, _Raw(), self._plan.template.reader(named, think=False))
        if answer.broken is not None:
            answer.rejected.insert(0, first)
        return done

    def _restart(self, request: Request) -> None:
        with self._lock:
            self._generation = self._plan.engine.generate(request)
            if self._cancelled:
                self._generation.cancel()


def _told(events: list[ReadEvent], answer: _Answer) -> Iterator[ChatEvent]:
    """What the reader made of the text, as events; the answer takes it in."""
    for event in events:
        match event:
            case Thought(text):
                answer.reasoning.append(text)
                yield ReasoningDelta(text)
            case Said(text):
                answer.text.append(text)
                yield TextDelta(text)
            case CallOpened(name):
                answer.open_id = _fresh_id()
                answer.begun += 1
                yield CallStarted(answer.begun - 1, answer.open_id, name)
            case CallText(text):
                yield CallDelta(answer.begun - 1, text)
            case CallRead() | CallBroken():
                yield from _closed(event, answer)


def _closed(event: CallRead | CallBroken, answer: _Answer) -> Iterator[ChatEvent]:
    call_id, answer.open_id = answer.open_id, ""
    if not call_id:
        call_id = _fresh_id()
        answer.begun += 1
        yield CallStarted(answer.begun - 1, call_id, event.name)
    index = answer.begun - 1
    if isinstance(event, CallRead):
        call = ToolCall(call_id, event.name, event.arguments)
        answer.calls.append(call)
        answer.native = answer.native and event.native
        yield CallFinished(index, call)
    else:
        rejected = CallRejected(index, event.name, event.raw, event.problem)
        answer.broken = event
        answer.rejected.append(rejected)
        yield rejected


def _fresh_id() -> str:
    return f"call_{secrets.token_hex(8)}"


def _finish(done: Done, answer: _Answer) -> Finish:
    if done.reason is EndReason.CANCELLED:
        return Finish.CANCELLED
    if done.reason is EndReason.LENGTH:
        return Finish.LENGTH
    return Finish.CALLS if answer.calls else Finish.STOP


def _sum(usage: Usage, done: Done) -> Usage:
    return Usage(
        prompt=max(usage.prompt, done.prompt_tokens),
        cached=usage.cached or done.cached_tokens,
        completion=usage.completion + done.completion_tokens,
        drafted=usage.drafted + done.drafted,
        accepted=usage.accepted + done.accepted,
    )
