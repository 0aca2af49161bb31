"""A run: samples are written and judged at the same time, and everything is in the journal before it counts."""

import queue
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from demiurgic.errors import DemiurgicError, WorkError
from demiurgic.evaluation.extracting import completion_of
from demiurgic.evaluation.journal import Journal, Key
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.prompts import PromptForm
from demiurgic.evaluation.results import Scored
from demiurgic.evaluation.samples import Sample
from demiurgic.evaluation.verdicts import Candidate, Judging, Outcome, Verdict
from demiurgic.evaluation.writing import Stopped, Wanted, Writer, Written


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run consists of."""

    problems: Mapping[str, Problem]
    form: PromptForm
    samples: int = 1
    seed: int = 0
    parallel: int = 16

    def wanted(self) -> list[Wanted]:
        """All samples, those of one problem side by side, so that they share what is read of it."""
        return [
            Wanted(problem, index, _seed(self.seed, problem.task_id, index))
            for problem in self.problems.values()
            for index in range(self.samples)
        ]

    def completion(self, problem: Problem, written: Written) -> str | None:
        """What of an answer is judged; None where it holds no code."""
        if self.form.kind == "text":
            return problem.continued(written.text)
        return completion_of(problem, written.text)


@dataclass(slots=True)
class Standing:
    """How a run stands."""

    wanted: int
    written: int = 0
    tokens: int = 0
    """Written since the run was begun, or gone on with."""
    started: float = field(default_factory=time.monotonic)
    begun_with: int = 0
    passed: Counter[str] = field(default_factory=Counter[str])
    judged: Counter[str] = field(default_factory=Counter[str])

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float | None:
        """A guess, once something was written."""
        new = self.written - self.begun_with
        return self.seconds / new * (self.wanted - self.written) if new else None


class Run:
    """One run over one journal."""

    def __init__(self, plan: Plan, writer: Writer, judging: Judging, journal: Journal) -> None:
        self._plan, self._writer, self._judging, self._journal = plan, writer, judging, journal
        self._keys = {_key(wanted): wanted for wanted in plan.wanted()}
        self._lock = threading.Lock()
        self._arrived: queue.SimpleQueue[Key | None] = queue.SimpleQueue()
        self._problem: DemiurgicError | None = None
        self.standing = Standing(len(self._keys))

    def go(self, changed: Callable[[Standing], None]) -> list[Scored]:
        """Do all that is not done yet. Returns every sample with its verdict. What was done is kept, come what may."""
        self._begin()
        threads = self._threads()
        try:
            for candidate, verdict in self._judging.judge(self._candidates()):
                self._judged(self._key_of(candidate.key), verdict)
                with self._lock:  # answers without code are counted meanwhile, by who draws the candidates
                    changed(self.standing)
        finally:
            self._writer.stop()
            for thread in threads:
                thread.join()
        if self._problem is not None:
            raise self._problem
        if missing := len(self._keys.keys() - self._journal.judged.keys()):  # a thread died of a fault of ours
            raise WorkError(f"{missing} samples could not be written", "start again: what is done is kept")
        return self.scored()

    def scored(self) -> list[Scored]:
        """What the journal holds of this run, in the order of the problems."""
        return [
            Scored(self._sample(wanted, self._journal.written[key]), self._journal.judged[key])
            for key, wanted in self._keys.items()
            if key in self._journal.judged
        ]

    def _begin(self) -> None:
        for key in self._keys:
            if key in self._journal.judged:
                self._count(key, self._journal.judged[key])
        self.standing.written = self.standing.begun_with = sum(key in self._journal.written for key in self._keys)

    def _threads(self) -> Sequence[threading.Thread]:
        left = iter([key for key in self._keys if key not in self._journal.written])
        waiting = [key for key in self._keys if key in self._journal.written and key not in self._journal.judged]
        for key in waiting:
            self._arrived.put(key)
        alive = [self._plan.parallel]

        def work() -> None:
            try:
                while (key := self._next(left)) is not None:
                    self._write(key)
            except Stopped:
                pass
            except DemiurgicError as error:
                self._problem = self._problem or error
                self._writer.stop()
            finally:
                with self._lock:
                    alive[0] -= 1
                    if not alive[0]:
                        self._arrived.put(None)

        threads = [threading.Thread(target=work, name="writer") for _ in range(self._plan.parallel)]
        for thread in threads:
            thread.start()
        return threads

    def _next(self, left: Iterator[Key]) -> Key | None:
        with self._lock:
            return next(left, None)

    def _write(self, key: Key) -> None:
        written = self._writer.write(self._keys[key])
        with self._lock:
            self._journal.wrote(key, written)
            self.standing.written += 1
            self.standing.tokens += written.tokens
        self._arrived.put(key)

    def _candidates(self) -> Iterator[Candidate]:
        """What is written, as it comes. An answer without code needs no judge."""
        while (key := self._arrived.get()) is not None:
            wanted = self._keys[key]
            completion = self._plan.completion(wanted.problem, self._journal.written[key])
            if completion is None:
                self._judged(key, Verdict(Outcome.NO_CODE))
                continue
            name = f"{key.task_id}\n{key.index}\n{key.seed}"
            yield Candidate(name, wanted.problem, wanted.problem.program(completion))

    def _judged(self, key: Key, verdict: Verdict) -> None:
        with self._lock:
            self._journal.judges(key, verdict)
            self._count(key, verdict)

    def _count(self, key: Key, verdict: Verdict) -> None:
        self.standing.judged[key.task_id] += 1
        self.standing.passed[key.task_id] += verdict.passed

    def _sample(self, wanted: Wanted, written: Written) -> Sample:
        completion = self._plan.completion(wanted.problem, written)
        return Sample(wanted.problem.task_id, completion or "", wanted.index)

    def _key_of(self, name: str) -> Key:
        task_id, index, seed = name.split("\n")
        return Key(task_id, int(index), int(seed))


def _key(wanted: Wanted) -> Key:
    return Key(wanted.problem.task_id, wanted.index, wanted.seed)


def _seed(base: int, task_id: str, index: int) -> int:
    """The same for the same sample, whatever else is in the run."""
    return zlib.crc32(f"{base}/{task_id}/{index}".encode())
