"""Asks a model for a function: several requests at once, each cut off as soon as the function is complete."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.engine.protocol import Done, Engine, Generation, Piece, Request, Sampling
from demiurgic.errors import EngineError, UserError
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.prompts import PromptForm
from demiurgic.evaluation.stopping import EndOfFunction
from demiurgic.events import Finish, ReplyEnded, TextDelta
from demiurgic.templates.encoding import encode, opener
from demiurgic.templates.protocol import Segment, Template


@dataclass(frozen=True, slots=True)
class Wanted:
    """One sample of one problem."""

    problem: Problem
    index: int
    seed: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote. `end` says why it stopped: `end_token`, `stop_text`, `function` or `length`."""

    text: str
    end: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    tokens: int = 0
    seconds: float = 0.0


class Writer(Protocol):
    """A model under one prompt and one way of sampling. `write` may be called from several threads."""

    def write(self, wanted: Wanted) -> Written: ...

    def stop(self) -> None:
        """End all that is being written; it raises Stopped there."""
        ...


class Stopped(Exception):
    """The user wants no more of it."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a model is asked, whichever it is."""

    form: PromptForm
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024


class UnderWay:
    """What is being written now, so that all of it can be ended. For many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._live: list[Generation | Reply] = []
        self._stopped = False

    @contextmanager
    def one(self, work: Generation | Reply) -> Generator[None]:
        """For as long as one is followed. Raises Stopped where it was ended from here."""
        with self._lock:
            self._live.append(work)
            if self._stopped:
                work.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._live.remove(work)
        if self._stopped:
            raise Stopped

    def stop(self) -> None:
        """End it all, now and from now on."""
        with self._lock:
            self._stopped = True
            for work in self._live:
                work.cancel()


class _Answer:
    """What was written so far, up to where the function is complete."""

    def __init__(self, watch: EndOfFunction) -> None:
        self._watch = watch
        self.text, self.whole = "", False

    def ends_with(self, text: str) -> bool:
        """Take in more. Whether the function is complete by that; nothing that comes later counts."""
        if self.whole:
            return False
        self.text += text
        cut = self._watch.place(self.text)
        if cut is not None:
            self.text, self.whole = self.text[:cut], True
        return self.whole


class LocalWriter:
    """A model on this machine: the answer's beginning is put into its mouth, and its samples share what was read."""

    def __init__(self, engine: Engine, template: Template, style: Style) -> None:
        self._engine, self._template, self._style = engine, template, style
        self._under_way = UnderWay()

    def write(self, wanted: Wanted) -> Written:
        """Write one sample. Raises Stopped, or what the engine raises."""
        style, started = self._style, time.perf_counter()
        sampling = Sampling(temperature=style.temperature, top_p=style.top_p, seed=wanted.seed)
        generation = self._engine.generate(
            Request(self._prompt(wanted.problem), style.max_tokens, sampling, stop=style.form.stops)
        )
        answer = _Answer(_watch(style.form, wanted.problem))
        with self._under_way.one(generation):
            done = self._read(generation, answer)
        return Written(
            answer.text,
            "function" if answer.whole else done.reason.value,
            done.prompt_tokens,
            done.cached_tokens,
            done.completion_tokens,
            time.perf_counter() - started,
        )

    def stop(self) -> None:
        """End all that is being written."""
        self._under_way.stop()

    def _read(self, generation: Generation, answer: _Answer) -> Done:
        for event in generation:
            if isinstance(event, Piece) and answer.ends_with(event.text):
                generation.cancel()
            elif isinstance(event, Done):
                return event
        raise EngineError("the engine ended a request without saying why")

    def _prompt(self, problem: Problem) -> tuple[int, ...]:
        form, facts = self._style.form, self._engine.facts
        if form.kind == "text":
            segments = [Segment(form.text(problem), trusted=False)]
        else:
            segments = self._template.render(form.conversation(problem), generate=True, think=False)
            segments.append(Segment(form.begins, trusted=False))
        tokens = [token for part in encode(segments, self._engine, facts.markers) for token in part.tokens]
        return (*opener(facts.bos, tokens), *tokens)


class ChatWriter:
    """Any other model: asked in words alone."""

    def __init__(self, model: ChatModel, style: Style) -> None:
        if style.form.kind != "chat" or style.form.begins:
            raise UserError(f"{model.name} cannot be made to begin its answer in a certain way", "use --prompt chat")
        self._model, self._style = model, style
        self._under_way = UnderWay()

    def write(self, wanted: Wanted) -> Written:
        """Write one sample. Raises Stopped, or what the provider's errors come to."""
        style, started = self._style, time.perf_counter()
        options = ReplyOptions(
            temperature=style.temperature,
            top_p=style.top_p if style.top_p < 1 else None,
            seed=wanted.seed if style.temperature else None,
            max_tokens=style.max_tokens,
            think=False,
        )
        reply = self._model.reply(style.form.conversation(wanted.problem), (), options)
        answer = _Answer(_watch(style.form, wanted.problem))
        with self._under_way.one(reply):
            ended = self._read(reply, answer)
        end = "function" if answer.whole else "length" if ended.finish is Finish.LENGTH else "end_token"
        usage, seconds = ended.usage, time.perf_counter() - started
        return Written(answer.text, end, usage.prompt, usage.cached, usage.completion, seconds)

    def stop(self) -> None:
        """End all that is being written."""
        self._under_way.stop()

    def _read(self, reply: Reply, answer: _Answer) -> ReplyEnded:
        for event in reply:
            if isinstance(event, TextDelta) and answer.ends_with(event.text):
                reply.cancel()
            elif isinstance(event, ReplyEnded):
                return event
        raise EngineError("a reply ended without saying so")


def writer_for(model: ChatModel, style: Style) -> Writer:
    """The writer that suits a model."""
    return (
        LocalWriter(model.engine, model.template, style) if isinstance(model, LocalChat) else ChatWriter(model, style)
    )


def _watch(form: PromptForm, problem: Problem) -> EndOfFunction:
    if form.kind == "text":
        return EndOfFunction(problem.entry_point, begun=True, before=form.text(problem))
    return EndOfFunction(problem.entry_point, begun=bool(form.begins))
