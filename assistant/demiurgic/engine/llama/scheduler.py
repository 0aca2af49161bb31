"""Who is evaluated next: continuous batching over the sequences of one context.

Each step evaluates one batch. First the next token of every request that writes, with its draft where that
pays; then, in what room is left, a piece of the prompts of those that read, taking turns. A request waits
outside while another reads the same beginning, and then copies it. When the places run out, idle
sequences go first, and then the youngest request is put aside and goes on later.

It runs in one thread and is driven from outside; only `add` and `cancel` may be called from elsewhere.
"""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from demiurgic.engine.llama.context import Context, Logits, Outcome, Rows
from demiurgic.engine.llama.sequences import Sequences
from demiurgic.engine.llama.snapshots import AdapterKey, shared_length
from demiurgic.engine.llama.task import Task
from demiurgic.engine.llama.threads import ThreadGovernor
from demiurgic.errors import EngineError

_CHUNK = 256
"""Prompt tokens of one request read in a step. Pieces of at least `_ALIKE` are evaluated alike however they are cut."""

_ALIKE = 8
"""Fewer rows than this go through other kernels and round otherwise."""

_SIDE_CHUNK = 64
"""Prompt tokens read in a step beside requests that write: what they wait for between two tokens. The more requests
read for each that writes, the longer it waits, up to a whole chunk: a batch that fills soon serves all."""

_WORTH_WAITING = 32
"""Wait for another request to read a shared beginning if that saves this many tokens."""

_DRAFTING_LIMIT = 2
"""More writing requests than this fill the batch better than drafts do."""

_UNSURE = 0.02
"""A draft's token is accepted only if its logit leads by this much. Evaluating many tokens at once rounds
differently from one at a time; where the choice is that close, it is made again as it would be without drafts."""


@dataclass(slots=True)
class _Share:
    """One request's rows in a batch."""

    task: Task
    rows: Rows
    draft: list[int]


class Scheduler:
    """Moves all requests of one context forward, step by step."""

    def __init__(self, context: Context, sequences: Sequences, threads: ThreadGovernor, parallel: int) -> None:
        self._context, self._sequences, self._threads, self._parallel = context, sequences, threads, parallel
        self._waiting: deque[Task] = deque()
        self._running: list[Task] = []
        self._inbox: deque[Task] = deque()
        self._reading_now: frozenset[int] = frozenset()
        self._adapters: AdapterKey = ()
        self._turn = 0
        self._crowded = False
        """Whether a request had to be put aside. Then nobody is let in until somebody has left."""
        self._lock = threading.Lock()
        self.prompt_tokens = self.cached_tokens = self.completion_tokens = 0

    @property
    def running(self) -> int:
        """Requests that are being evaluated."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return len(self._waiting) + len(self._inbox)

    def add(self, task: Task) -> None:
        """Take in a request. Any thread."""
        self._inbox.append(task)

    def cancel(self, task: Task) -> None:
        """Ask for a request to end. Any thread. Stops the running batch if the request reads its prompt in it."""
        with self._lock:
            task.cancelled = True
            if id(task) in self._reading_now and self._context.model.rewinds:
                self._context.abort.set()

    def step(self) -> bool:
        """Evaluate one batch. False if there was nothing to do."""
        while self._inbox:
            self._waiting.append(self._inbox.popleft())
        self._retire()
        self._admit()
        shares = self._plan()
        if not shares:
            return False
        try:
            outcome = self._evaluate(shares)
        except EngineError as error:
            self._fail(shares, error)
            return True
        if outcome is Outcome.DONE:
            self._advance(shares)
        elif outcome is Outcome.ABORTED:
            self._roll_back(shares)
        else:
            self._make_room()
        self._retire()
        return True

    def fail_all(self, error: EngineError) -> None:
        """End every request with this error."""
        while self._inbox:
            self._waiting.append(self._inbox.popleft())
        for task in [*self._running, *self._waiting]:
            task.fail(error)
            self._let_go(task)
        self._running.clear()
        self._waiting.clear()

    # Coming and going

    def _retire(self) -> None:
        """Let go of what has ended or was cancelled."""
        for task in [*self._running, *self._waiting]:
            if task.cancelled:
                task.cancel()
        for task in [task for task in self._running if task.ended]:
            self._running.remove(task)
            self._let_go(task)
        if any(task.ended for task in self._waiting):
            for task in [task for task in self._waiting if task.ended]:
                self._waiting.remove(task)
                self._let_go(task)

    def _let_go(self, task: Task) -> None:
        self._crowded = False
        task.sampler.close()
        if task.held is not None:
            if not self._context.model.rewinds:
                self._sequences.remember(task.held)
            self._sequences.release(task.held)
            task.held = None

    def _admit(self) -> None:
        """Give waiting requests a sequence, oldest first, unless waiting saves them work."""
        if self._crowded and self._running:
            return
        for task in list(self._waiting):
            if len(self._running) >= self._parallel:
                return
            if self._worth_waiting(task):
                continue
            held = self._sequences.begin(task.tokens, task.adapters)
            if held is None:
                return
            task.held = held
            if not task.started:
                task.started, task.cached = True, len(held.tokens)
                self.cached_tokens += task.cached
            self._waiting.remove(task)
            self._running.append(task)
            task.progress()

    def _worth_waiting(self, task: Task) -> bool:
        readers = [other for other in self._running if other.reading and other.adapters == task.adapters]
        if not readers:
            return False
        soon = max(shared_length(other.tokens, task.tokens) for other in readers)
        if not self._context.model.rewinds or soon < _WORTH_WAITING:
            return False
        return soon >= self._sequences.known(task.tokens, task.adapters) + _WORTH_WAITING

    # Planning a batch

    def _plan(self) -> list[_Share]:
        group = self._next_group()
        if not group:
            return []
        writers = [task for task in group if not task.reading]
        shares = [self._writing_share(task, drafting=len(writers) <= _DRAFTING_LIMIT) for task in writers]
        room = self._context.batch_size - sum(len(share.rows.tokens) for share in shares)
        readers = sorted((task for task in group if task.reading), key=lambda task: task.pending)
        if writers:
            room = min(room, _SIDE_CHUNK * -(-len(readers) // len(writers)), _CHUNK)
        for index, task in enumerate(readers):
            if room <= 0:
                break
            share = self._reading_share(task, max(1, room // (len(readers) - index)))
            room -= len(share.rows.tokens)
            shares.append(share)
        return sorted(shares, key=lambda share: share.rows.sequence)

    def _next_group(self) -> list[Task]:
        """Requests that may share a batch: those with the same adapters. Groups take turns."""
        keys = list(dict.fromkeys(task.adapters for task in self._running))
        if not keys:
            return []
        self._turn += 1
        key = keys[self._turn % len(keys)]
        return [task for task in self._running if task.adapters == key]

    def _writing_share(self, task: Task, *, drafting: bool) -> _Share:
        assert task.held is not None
        draft: list[int] = []
        if drafting and task.drafter is not None and task.room > 1 and not task.alone:
            draft = task.drafter.guess(task.tokens)[: task.room - 1]
        task.alone = False
        tokens = [task.tokens[-1], *draft]
        return _Share(task, Rows(task.held.number, task.evaluated, tokens, outputs=len(tokens)), draft)

    def _reading_share(self, task: Task, room: int) -> _Share:
        assert task.held is not None
        start = task.evaluated
        # The last token is read by itself, in the shape in which all later ones are written.
        last = len(task.tokens) - 1
        end = min(last, start + min(room, _CHUNK))
        if 0 < last - end < _ALIKE <= end - start - _ALIKE:
            end = last - _ALIKE
        return _Share(task, Rows(task.held.number, start, task.tokens[start:end], outputs=0), [])

    # Evaluating it and what follows

    def _evaluate(self, shares: list[_Share]) -> Outcome:
        if (key := shares[0].task.adapters) != self._adapters:
            self._context.use_adapters(key)
            self._adapters = key
        with self._lock:
            self._context.abort.clear()
            self._reading_now = frozenset(id(share.task) for share in shares if not share.rows.outputs)
            if any(share.task.cancelled and not share.rows.outputs for share in shares):
                self._context.abort.set()
        with self._threads.measure(tokens=sum(len(share.rows.tokens) for share in shares)) as threads:
            self._context.use_threads(threads)
            outcome = self._context.decode([share.rows for share in shares])
        with self._lock:
            self._reading_now = frozenset()
        return outcome

    def _advance(self, shares: list[_Share]) -> None:
        row = 0
        for share in shares:
            task, held = share.task, share.task.held
            assert held is not None
            if share.rows.outputs:
                self._write(share, row)
            else:
                held.tokens += share.rows.tokens
                self.prompt_tokens += len(share.rows.tokens)
                if not self._context.model.rewinds and not task.reading and not task.written:
                    self._sequences.remember(held)
                task.progress()
            row += len(share.rows.tokens)

    def _write(self, share: _Share, row: int) -> None:
        """Choose the token after each evaluated one, for as long as the draft said the same."""
        task, held = share.task, share.task.held
        assert held is not None
        held.tokens.append(share.rows.tokens[0])
        before, agreed = task.written, 0
        try:
            for offset, guess in enumerate([*share.draft, None]):
                logits = self._context.logits(row + offset)
                if share.draft and task.greedy and _lead(logits) < _UNSURE:
                    held.tokens.pop()  # evaluate the last token again, by itself, and choose then
                    task.alone = True
                    break
                token = task.choose(logits)
                if token is None or token != guess:
                    break
                held.tokens.append(token)
                agreed += 1
        except EngineError as error:
            task.fail(error)
        self.completion_tokens += task.written - before
        if share.draft:
            task.learn(len(share.draft), agreed)
            self._sequences.discard_tail(held)
        task.flush()

    # When a batch was not evaluated

    def _roll_back(self, shares: list[_Share]) -> None:
        """Forget what part of an aborted batch was evaluated."""
        for share in shares:
            assert share.task.held is not None
            self._sequences.discard_tail(share.task.held)

    def _make_room(self) -> None:
        """The places ran out: idle sequences go first, then the youngest request is put aside."""
        if self._sequences.make_room():
            return
        if len(self._running) == 1:
            self._fail_task(
                self._running[0], EngineError("the context is full", "load the model with a larger context")
            )
            return
        youngest = self._running.pop()
        assert youngest.held is not None
        self._sequences.spill(youngest.held)
        youngest.held = None
        self._crowded = True
        self._waiting.appendleft(youngest)

    def _fail(self, shares: list[_Share], error: EngineError) -> None:
        """The library could not evaluate this batch. What its sequences hold is not known any more."""
        for share in shares:
            self._fail_task(share.task, error)

    def _fail_task(self, task: Task, error: EngineError) -> None:
        task.fail(error)
        if task.held is not None:
            self._sequences.drop(task.held)
            task.held = None


def _lead(logits: Logits) -> float:
    """How far the likeliest token is ahead of the next."""
    best = int(logits.argmax())
    top = logits[best]
    logits[best] = -np.inf
    second = logits.max()
    logits[best] = top
    return float(top - second)
