"""Files through all filters into one: judged line by line, then compared with each other, then run.

Nothing but counts and some bytes a row is held in memory. What waits lies in a folder beside the output, which is gone
in the end; of a run that was killed it keeps the verdicts of sandboxes, which are not asked for twice.
"""

import shutil
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO

from demiurgic.errors import UserError
from demiurgic.evaluation.verdicts import Judging
from demiurgic.messages_json import from_line
from demiurgic_training.duplicates import ALIKE, Duplicates, Found, Kind
from demiurgic_training.execution import Proving, Ruling, noted, trial_of
from demiurgic_training.files import BadLine, Item, RawLine, raw_lines, writing
from demiurgic_training.rows import Row, row_from_json
from demiurgic_training.sifting import Dropped, Sieve
from demiurgic_training.spreading import Where, spread
from demiurgic_training.tally import Tally

_KINDS = {Kind.EXACT: "duplicate", Kind.NEAR: "near_duplicate"}
_FAILS, _IDLE = "tests_fail", "tests_idle"
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be filtered, and how."""

    sources: tuple[Path, ...]
    out: Path
    sieve: Sieve
    where: Where
    alike: float | None = ALIKE
    """From which likeness on rows repeat each other; None: only where they say the very same."""
    keep_duplicates: bool = False
    keep_failing: bool = False
    """Record what tests came to, and drop nothing for it."""

    @property
    def dropped(self) -> Path:
        """Where it is told of every row that is gone why, one line each."""
        return self.out.with_name(f"{self.out.stem}.dropped.jsonl")


def filter_files(plan: Plan, open_judging: Callable[[], Judging] | None, report: Callable[[Tally], None]) -> Tally:
    """Filter. With `open_judging`, code that has tests is run; it is called when all else is done, and what it opens is
    closed here. Raises UserError where nothing is left; what was at the output's place before is still there then."""
    with writing(plan.dropped) as drop, _folder(plan.out) as folder, ExitStack() as opened:
        work = _Work(plan, drop, report, opened.enter_context((folder / "rows").open("w+b")))
        duplicates = opened.enter_context(Duplicates(folder, plan.alike))
        work.sift(duplicates)
        rows = work.new(duplicates.nothing() if plan.keep_duplicates else duplicates.found())
        if open_judging is not None:
            judging = opened.enter_context(closing(open_judging()))
            proving = opened.enter_context(Proving(judging, folder / "verdicts.jsonl"))
            rows = work.proven(rows, proving)
        kept = work.write(rows)
    if not kept:
        raise UserError(
            f"no row is left; dropped: {work.tally.reasons()}",
            f"{plan.dropped} says why; leave a filter out: --without",
        )
    return work.tally


@dataclass(frozen=True, slots=True)
class _Placed:
    """A row, and where it stood."""

    row: Row
    file: str
    line: int


@dataclass(slots=True)
class _Work:
    plan: Plan
    drop: Callable[[Item], None]
    report: Callable[[Tally], None]
    waiting: IO[bytes]
    """Rows between the stages, one a line."""
    tally: Tally = field(default_factory=Tally)
    _files: "array[int]" = field(default_factory=lambda: array("H"))
    _lines: "array[int]" = field(default_factory=lambda: array("q"))

    def sift(self, duplicates: Duplicates) -> None:
        """What is judged on its own. What is left of it waits."""
        numbers = {str(path): number for number, path in enumerate(self.plan.sources)}
        for sifted in spread(self.plan.sieve, self._drawn(), self.plan.where):
            self.tally.read += 1
            if isinstance(sifted, Dropped):
                self._drop(sifted)
            else:
                duplicates.add(sifted.signature)
                self.waiting.write(sifted.data)
                self._files.append(numbers[sifted.file])
                self._lines.append(sifted.line)
            self.report(self.tally)

    def new(self, found: Found) -> Iterator[_Placed]:
        """Those of them that say something new."""
        self.waiting.seek(0)
        for number, line in enumerate(self.waiting):
            file, at = self._place(number)
            kind, of = found[number]
            if kind is Kind.NEW:
                yield _Placed(row_from_json(from_line(line)), file, at)
            else:
                first, where = self._place(of)
                self._drop(Dropped(file, at, _KINDS[kind], f"says what {first}, line {where} says"))

    def proven(self, rows: Iterator[_Placed], proving: Proving) -> Iterator[_Placed]:
        """Those whose tests pass and mean something, and those without tests."""
        for placed, ruling in _ruled(rows, proving):
            if ruling is None:
                yield placed
                continue
            name = _FAILS if not ruling.passed else _IDLE
            if ruling.proven or self.plan.keep_failing:
                yield _Placed(noted(placed.row, ruling), placed.file, placed.line)
            else:
                self._drop(Dropped(placed.file, placed.line, name, _told(ruling)))

    def write(self, rows: Iterator[_Placed]) -> int:
        """Write the rest, if there is any."""
        first = next(rows, None)
        if first is None:
            return 0
        with writing(self.plan.out) as write:
            for placed in chain((first,), rows):
                write(placed.row)
                self.tally.kept += 1
                self.report(self.tally)
        return self.tally.kept

    def _drawn(self) -> Iterator[RawLine | BadLine]:
        for path in self.plan.sources:
            yield from raw_lines(path)

    def _drop(self, dropped: Dropped) -> None:
        self.tally.dropped[dropped.filter] += 1
        self.drop({"file": dropped.file, "line": dropped.line, "filter": dropped.filter, "reason": dropped.reason})

    def _place(self, number: int) -> tuple[str, int]:
        return str(self.plan.sources[self._files[number]]), self._lines[number]


def _ruled(rows: Iterator[_Placed], proving: Proving) -> Iterator[tuple[_Placed, Ruling | None]]:
    while batch := list(islice(rows, _BATCH)):
        trials = (trial_of(placed.row, str(number)) for number, placed in enumerate(batch))
        rulings = {trial.key: ruling for trial, ruling in proving.rule(filter(None, trials))}
        yield from ((placed, rulings.get(str(number))) for number, placed in enumerate(batch))


def _told(ruling: Ruling) -> str:
    if ruling.passed:
        return f"its tests pass with {ruling.mutants} wrong versions of its code, and fail with none"
    return f"its tests end with {ruling.outcome}{f': {ruling.detail}' if ruling.detail else ''}"


@contextmanager
def _folder(out: Path) -> Generator[Path]:
    """Where things wait. Verdicts stay there if the work does not come to its end."""
    folder = out.with_name(f"{out.name}.work")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}", "name another --out") from error
    try:
        yield folder
    except BaseException:
        for name in ("rows", "exact", "near"):
            (folder / name).unlink(missing_ok=True)
        raise
    shutil.rmtree(folder)
