"""One reply of a local model: raw pieces from the engine become typed events, and a broken call gets one more try.

As soon as a call turns out to be one that no tool could take, the model is stopped, and goes on from where that call
began, once, under a grammar that lets nothing but a valid call through. Who follows sees one call: what was told of
it stays, its index and id hold, and in the end it is finished or rejected. The arguments of the second try are told
only whole.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

from demiurgic.chat.story import Story
from demiurgic.engine.protocol import Done, EndReason, Engine, Generation, Piece, Reading, Request, TokenScore
from demiurgic.errors import EngineError
from demiurgic.events import ChatEvent, Finish, PromptProgress, ReplyEnded, TokenOdds, TokensScored
from demiurgic.messages import Assistant, Tool, Usage
from demiurgic.templates.protocol import CallBroken, CallRules, ReplyReader, Template

Remember = Callable[[Assistant, tuple[int, ...]], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a reply."""

    engine: Engine
    template: Template
    request: Request
    tools: tuple[Tool, ...]
    think: bool
    mends: bool = True
    """Whether a broken call is tried again under a grammar."""


class LocalReply:
    """Satisfies `Reply`. It has started when it is made. Leaving the iteration early cancels it."""

    def __init__(self, plan: Plan, remember: Remember) -> None:
        self._plan, self._remember = plan, remember
        self._lock = threading.Lock()
        self._cancelled = False
        self._generation: Generation = plan.engine.generate(plan.request)
        self._text = ""
        self._tokens: list[int] = []
        self._story = Story()
        self._usage: Usage | None = None
        self._events = self._follow()

    def __iter__(self) -> Iterator[ChatEvent]:
        return self._events

    def cancel(self) -> None:
        """Ask for it to end; what came is kept."""
        with self._lock:
            self._cancelled = True
            self._generation.cancel()

    def _follow(self) -> Generator[ChatEvent]:
        try:
            done = yield from self._read(self._plan.template.reader(self._plan.tools, think=self._plan.think))
            retry = self._retry(done)
            if retry is not None:
                done = yield from self._repair(retry)
            yield from self._story.give_up()
            message = self._story.message()
            if retry is None and self._story.native and not self._story.rejected:
                self._keep(message, done)
            usage, rejected = self._usage or Usage(), tuple(self._story.rejected)
            yield ReplyEnded(message, self._finish(done), usage, rejected, done.stop_text)
        finally:
            self._generation.cancel()

    def _read(self, reader: ReplyReader) -> Generator[ChatEvent, None, Done]:
        """Follow one generation to its end, or to its first broken call."""
        for event in self._generation:
            match event:
                case Reading(done, total, cached):
                    yield PromptProgress(done, total, cached)
                case Piece(text, tokens, scores) if self._story.broken is None:
                    self._text += text
                    self._tokens += tokens
                    if scores:
                        yield TokensScored(tuple(self._odds(score) for score in scores))
                    yield from self._story.tell(reader.feed(text))
                    if self._story.broken is not None:
                        self._generation.cancel()
                case Piece():
                    pass  # behind the broken call
                case Done():
                    if self._story.broken is None:
                        yield from self._story.tell(reader.finish())
                    self._usage = _sum(self._usage, event)
                    return event
        raise EngineError("the engine ended a reply without saying why")

    def _odds(self, score: TokenScore) -> TokenOdds:
        def odds(token: int, logprob: float, *rivals: TokenOdds) -> TokenOdds:
            raw = self._plan.engine.detokenize((token,))
            return TokenOdds(raw.decode("utf-8", "replace"), tuple(raw), logprob, rivals)

        return odds(score.token, score.logprob, *(odds(*rival) for rival in score.rivals))

    def _retry(self, done: Done) -> Request | None:
        """The request that lets the model write its broken call again, from where that began."""
        broken = self._story.broken
        if broken is None or not self._plan.mends or self._cancelled or done.reason is EndReason.LENGTH:
            return None
        start = self._text.rfind(broken.raw)
        if start < 0:
            return None
        kept = self._tokens[: self._tokens_within(len(self._text[:start].encode("utf-8", "surrogatepass")))]
        request = self._plan.request
        return replace(
            request,
            prompt=(*request.prompt, *kept),
            grammar=self._plan.template.call_grammar(
                CallRules(self._fitting(broken), "required", parallel=False), think=False
            ),
            max_tokens=None if request.max_tokens is None else request.max_tokens - len(kept),
        )

    def _tokens_within(self, size: int) -> int:
        """How many of the tokens stand for the first `size` bytes. Shown text may lag behind its tokens."""
        engine, tokens = self._plan.engine, self._tokens
        return bisect_right(range(len(tokens) + 1), size, key=lambda count: len(engine.detokenize(tokens[:count]))) - 1

    def _repair(self, retry: Request) -> Generator[ChatEvent, None, Done]:
        with self._lock:
            self._generation = self._plan.engine.generate(retry)
            if self._cancelled:
                self._generation.cancel()
        tools = self._plan.tools if self._story.broken is None else self._fitting(self._story.broken)
        reader = self._plan.template.reader(tools, think=False)
        for event in self._generation:
            match event:
                case Reading(done, total, cached):
                    yield PromptProgress(done, total, cached)
                case Piece(text):
                    yield from self._story.mend(reader.feed(text))
                case Done():
                    yield from self._story.mend(reader.finish())
                    self._usage = _sum(self._usage, event)
                    return event
        raise EngineError("the engine ended a reply without saying why")

    def _fitting(self, broken: CallBroken) -> tuple[Tool, ...]:
        """The tool that was meant, or all of them where none is known by that name."""
        return tuple(tool for tool in self._plan.tools if tool.name == broken.name) or self._plan.tools

    def _keep(self, message: Assistant, done: Done) -> None:
        """Remember a whole turn. Its end is not part of it: who speaks next decides which token that is."""
        if done.reason in (EndReason.END_TOKEN, EndReason.GRAMMAR):
            self._remember(message, tuple(self._tokens))

    def _finish(self, done: Done) -> Finish:
        if self._cancelled and done.reason is EndReason.CANCELLED:
            return Finish.CANCELLED
        if done.reason is EndReason.LENGTH:
            return Finish.LENGTH
        return Finish.CALLS if self._story.calls or self._story.rejected else Finish.STOP


def _sum(usage: Usage | None, done: Done) -> Usage:
    """Tokens of all attempts. The prompt counts once: the second attempt's is the first and what the model wrote."""
    if usage is None:
        return Usage(done.prompt_tokens, done.cached_tokens, done.completion_tokens, done.drafted, done.accepted)
    return replace(
        usage,
        completion=usage.completion + done.completion_tokens,
        drafted=usage.drafted + done.drafted,
        accepted=usage.accepted + done.accepted,
    )
