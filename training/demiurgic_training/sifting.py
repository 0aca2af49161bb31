"""Judges lines one by one, each on its own: what a worker does, wherever it works."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demiurgic.evaluation.cluster import Work
from demiurgic_training.decontamination import Decontamination, Reference
from demiurgic_training.files import BadLine, RawLine, line_of, parsed
from demiurgic_training.filters.protocol import Filter
from demiurgic_training.formats import conversation_reader
from demiurgic_training.rows import Row
from demiurgic_training.signatures import Signature, Signing

BAD_LINE = "bad_line"


@dataclass(frozen=True, slots=True)
class Sieve:
    """What lines are judged by. It goes to every worker."""

    filters: tuple[Filter, ...]
    form: str | None = None
    references: tuple[Reference, ...] = ()

    def __call__(self) -> Work[RawLine | BadLine, "Sifted"]:
        """A worker."""
        contaminated = (Decontamination(self.references),) if self.references else ()
        worker = _Worker((*self.filters, *contaminated), conversation_reader(self.form), Signing())
        return worker.work


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that is not kept, and why."""

    file: str
    line: int
    filter: str
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A line that is kept so far, in our own form."""

    file: str
    line: int
    data: bytes
    signature: Signature


Sifted = Dropped | Kept


@dataclass(frozen=True, slots=True)
class _Worker:
    filters: Sequence[Filter]
    reader: Callable[..., Row]
    signing: Signing

    def work(self, lines: Sequence[RawLine | BadLine]) -> list[Sifted]:
        return [self._sift(line) for line in lines]

    def _sift(self, line: RawLine | BadLine) -> Sifted:
        row = line if isinstance(line, BadLine) else parsed(line, self.reader)
        if isinstance(row, BadLine):
            return Dropped(str(row.file), row.line, BAD_LINE, row.reason)
        assert isinstance(line, RawLine)
        for each in self.filters:
            if reason := each.judge(row):
                return Dropped(str(line.file), line.number, each.name, reason)
        return Kept(str(line.file), line.number, line_of(row), self.signing(row))
