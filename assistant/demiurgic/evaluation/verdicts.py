"""What became of a candidate program, and who can say so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from demiurgic.evaluation.problems import Problem


class Outcome(StrEnum):
    """Why a candidate passed or did not. Only PASS is a pass."""

    PASS = "pass"
    ASSERTION = "assertion"  # a test said that the answer is wrong
    EXCEPTION = "exception"  # it raised, while it was defined or while it was tested
    SYNTAX = "syntax"
    NO_CODE = "no_code"  # nothing defines the function that was asked for
    CPU_TIMEOUT = "cpu_timeout"
    WALL_TIMEOUT = "wall_timeout"  # it waited; tried again alone before it counts
    MEMORY = "memory"
    CRASH = "crash"  # a signal that nobody here sent
    NO_VERDICT = "no_verdict"  # it ended before its tests did, such as by os._exit
    SUSPICIOUS = "suspicious"  # its answers are not plain data, or it reached for what judges it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one candidate."""

    outcome: Outcome
    detail: str = ""
    """Type and message of what was raised, in one line."""
    line: str = ""
    """The failing line: of the test for an assertion, of the program for an exception."""
    cpu: float = 0.0
    wall: float = 0.0

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A whole program to be judged by a problem's tests. `key` is the caller's, and comes back with the verdict."""

    key: str
    problem: Problem
    source: str


class Judging(Protocol):
    """Judges candidates, several at once. Closing it leaves nothing behind: no process, no file."""

    @property
    def name(self) -> str:
        """What keeps the programs in."""
        ...

    @property
    def warning(self) -> str:
        """What nothing keeps them from; empty where there is no such thing."""
        ...

    def judge(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Each with its verdict, in the order in which they end. Candidates are drawn as there is room, so the
        iterable may wait for a model that still writes them. Raises SandboxError where nothing can be judged."""
        ...

    def close(self) -> None: ...
