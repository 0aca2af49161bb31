"""The engine: one model, one context, one thread that evaluates, any number of callers."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import psutil

from demiurgic.engine.llama.choice import Choice
from demiurgic.engine.llama.constraint import Constraint, GrammarTokens
from demiurgic.engine.llama.context import Context, separates
from demiurgic.engine.llama.drafts import Drafter
from demiurgic.engine.llama.embedder import Embedder
from demiurgic.engine.llama.model import Model
from demiurgic.engine.llama.sampler import Candidates, Sampler
from demiurgic.engine.llama.scheduler import Scheduler
from demiurgic.engine.llama.sequences import Sequences
from demiurgic.engine.llama.snapshot_file import Snapshot, SnapshotError, read_snapshot, write_snapshot
from demiurgic.engine.llama.snapshots import SnapshotStore
from demiurgic.engine.llama.task import Rule, Task, TaskStream
from demiurgic.engine.llama.threads import ThreadGovernor
from demiurgic.engine.options import EngineOptions
from demiurgic.engine.protocol import EngineStats, ModelFacts, Request
from demiurgic.errors import ContextOverflow, EngineError, UserError
from demiurgic_models.gguf import ModelCard, memory_needed

Result = TypeVar("Result")

_DEFAULT_CONTEXT = 32768
_SMALLEST_CONTEXT = 2048
_IDLE_SEQUENCES = 16
_MOST_SEQUENCES = 256


class LlamaEngine:
    """A GGUF model, loaded. Satisfies `Engine`."""

    def __init__(self, path: Path, options: EngineOptions = EngineOptions()) -> None:
        self._model = Model(path, options.gpu_layers)
        separate = separates(self._model, options)
        size = options.context or _default_context(self._model.card, options, options.parallel if separate else 1)
        count = options.parallel if separate else min(options.parallel + _IDLE_SEQUENCES, _MOST_SEQUENCES)
        self._context = Context(self._model, options, size, count)
        self._facts = self._model.facts(size)
        self._store = SnapshotStore(
            self._facts.fingerprint, options.memory_cache, options.disk_cache, options.cache_dir
        )
        self._sequences = Sequences(self._context, self._store, count)
        self._threads = ThreadGovernor(options.threads)
        self._scheduler = Scheduler(self._context, self._sequences, self._threads, options.parallel)
        self._options = options
        self._candidates = Candidates(self._model.size)
        self._grammar_tokens: GrammarTokens | None = None
        self._embedder: Embedder | None = None
        self._build_lock, self._embed_lock = threading.Lock(), threading.Lock()
        self._errands: deque[Callable[[], None]] = deque()
        self._work = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""
        return self._facts

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Tokens of the text; with `markers`, names of special tokens become those tokens."""
        self._check_open()
        return self._model.tokenize(text, markers)

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes of these tokens, special ones by name."""
        self._check_open()
        return self._model.detokenize(tokens)

    def generate(self, request: Request) -> TaskStream:
        """Start a request."""
        room = self._room(request)
        rule = self._rule(request)
        sampler = Sampler(request.sampling, self._candidates, self._model.size)
        task = Task(request, self._model, sampler, rule)
        task.room = room
        if request.draft and self._options.draft_tokens and self._model.rewinds:
            task.drafter = Drafter(request.draft, min(self._options.draft_tokens, self._options.batch - 1))
        with self._work:
            self._check_open()
            self._scheduler.add(task)
            self._work.notify()
        return TaskStream(task, self._cancel)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text."""
        with self._embed_lock:
            self._check_open()
            self._embedder = self._embedder or Embedder(self._model, self._options)
            return self._embedder.embed(texts)

    def save(self, tokens: Sequence[int], path: Path) -> int:
        """Write what is known of these tokens to a file."""
        self._model.check(tokens)
        known = self._errand(lambda: self._sequences.export(tokens, ()))
        if known is None:
            raise UserError("nothing is known of these tokens", "evaluate them first")
        try:
            write_snapshot(path, Snapshot(self._facts.fingerprint, known[0], (), known[1]))
        except OSError as error:
            raise EngineError(f"{path} cannot be written: {error.strerror or error}", "free some disk space") from error
        return len(known[0])

    def load(self, path: Path) -> tuple[int, ...]:
        """Take in a saved file."""
        try:
            snapshot = read_snapshot(path, self._facts.fingerprint)
        except SnapshotError as error:
            raise UserError(str(error), "save it again from this model") from error
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
        self._errand(lambda: self._store.put(snapshot.tokens, snapshot.adapters, snapshot.blob))
        return snapshot.tokens

    def stats(self) -> EngineStats:
        """What it does now."""
        scheduler = self._scheduler
        return EngineStats(
            running=scheduler.running,
            waiting=scheduler.waiting,
            kept_sequences=self._sequences.idle,
            kept_bytes=self._store.memory_bytes,
            disk_bytes=self._store.disk_bytes,
            prompt_tokens=scheduler.prompt_tokens,
            cached_tokens=scheduler.cached_tokens,
            completion_tokens=scheduler.completion_tokens,
            threads=self._threads.current,
        )

    def close(self) -> None:
        """End all generations and free the model."""
        with self._work:
            if self._closing:
                return
            self._closing = True
            self._context.abort.set()
            self._work.notify()
        self._thread.join()
        with self._embed_lock, self._build_lock:
            if self._embedder:
                self._embedder.close()
            self._context.close()
            self._model.close()

    def _room(self, request: Request) -> int:
        """Tokens that the answer may take. Raises where the request cannot fit."""
        if not request.prompt:
            raise UserError("the prompt is empty")
        self._model.check(request.prompt)
        self._model.check(request.draft)
        left = self._facts.context - len(request.prompt)
        wanted = request.max_tokens if request.max_tokens is not None else max(1, left)
        if wanted < 1:
            raise UserError(f"max_tokens is {wanted}; at least one token must be allowed")
        if wanted > left:
            raise ContextOverflow(len(request.prompt), wanted, self._facts.context)
        return wanted

    def _rule(self, request: Request) -> Rule | None:
        """What the output must satisfy, if anything."""
        if request.choices:
            if request.grammar:
                raise UserError("a request has a grammar or choices, not both")
            for choice in request.choices:
                self._model.check(choice)
            return Choice(request.choices, self._model.ends)
        return Constraint(self._grammar(), request.grammar) if request.grammar else None

    def _grammar(self) -> GrammarTokens:
        with self._build_lock:
            self._check_open()
            self._grammar_tokens = self._grammar_tokens or GrammarTokens(self._model)
            return self._grammar_tokens

    def _cancel(self, task: Task) -> None:
        self._scheduler.cancel(task)
        with self._work:
            self._work.notify()

    def _errand(self, work: Callable[[], Result]) -> Result:
        """Run something between two steps, in the engine's thread."""
        future: Future[Result] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except EngineError as error:
                future.set_exception(error)

        with self._work:
            self._check_open()
            self._errands.append(run)
            self._work.notify()
        return future.result()

    def _check_open(self) -> None:
        if self._closing:
            raise EngineError("the engine is closed")

    def _run(self) -> None:
        while not self._closing:
            while self._errands:
                self._errands.popleft()()
            if not self._scheduler.step():
                with self._work:
                    if not (self._closing or self._errands or self._scheduler.waiting):
                        self._work.wait()
        self._scheduler.fail_all(EngineError("the engine was closed"))
        while self._errands:
            self._errands.popleft()()
        if self._options.disk_cache:
            self._context.abort.clear()
            self._sequences.spill_all()
            self._store.flush()


def _default_context(card: ModelCard, options: EngineOptions, times: int) -> int:
    """As much as the model was trained for, up to a sensible size, as long as so many times that leaves half of the
    memory free."""
    size = min(card.context_length or _DEFAULT_CONTEXT, _DEFAULT_CONTEXT)
    available = psutil.virtual_memory().available
    while size > _SMALLEST_CONTEXT and memory_needed(card, size * times, options.kv_type) - card.bytes > available // 2:
        size //= 2
    return size
