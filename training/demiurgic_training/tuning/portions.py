"""One file's rows, written as lessons and counted; and refused as a whole where some should not be learned."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Generic, TypeVar

from demiurgic.errors import TemplateError, UnsupportedRequest, UserError
from demiurgic_training.files import BadLine, parsed, raw_lines
from demiurgic_training.formats import read_any
from demiurgic_training.rows import Pair, Row
from demiurgic_training.tuning.certificate import Portion, bin_of
from demiurgic_training.tuning.lesson import Lesson, PairLesson, Shelf
from demiurgic_training.tuning.recipe import Data, Overlong, Spelled
from demiurgic_training.tuning.spelled import spelled_in
from demiurgic_training.tuning.writing import Turns, Writer

T = TypeVar("T", Lesson, PairLesson)


class Trouble(Enum):
    """Why a file is refused: what is wrong with some of its rows, and what can be done."""

    UNREADABLE = "cannot be read as rows", "demiurgic data convert says what each line should look like"
    PAIRS = "are pairs of answers, of which this method learns nothing", "method=dpo learns from pairs"
    CONVERSATIONS = "are conversations, and this method compares answers", "method=sft learns from conversations"
    SPELLED = (
        "spell special tokens of a chat template: they were rendered before they came here",
        "give messages instead of rendered text; or data.spelled=drop leaves them out, data.spelled=keep learns them",
    )
    UNWRITABLE = "cannot be written as the model reads conversations", "leave them out, or teach another model"
    SILENT = "hold nothing that could be learned: the assistant says nothing in them", "leave them out"
    ENDLESS = (
        "hold a turn of the assistant that does not end with a stop token: the model would never stop",
        "the checkpoint's chat template and its generation_config.json do not name the same end of a turn",
    )
    OVERLONG = (
        "are longer than data.max_length",
        "data.overlong=drop leaves them out, data.overlong=clip cuts their ends",
    )


@dataclass(slots=True)
class _Problem:
    line: int
    detail: str
    count: int = 1


@dataclass(slots=True)
class _Counts:
    tokens: int = 0
    learned: int = 0
    longest: int = 0
    clipped: int = 0
    turns: int = 0
    stopped: int = 0
    lengths: Counter[str] = field(default_factory=Counter[str])
    dropped: Counter[str] = field(default_factory=Counter[str])


class Portioner(Generic[T]):
    """Takes the rows of one file, one after the other."""

    def __init__(self, data: Data, kind: type[T], writer: Writer) -> None:
        self._data, self._kind, self._writer = data, kind, writer
        self._problems: dict[Trouble, _Problem] = {}
        self._counts = _Counts()
        self.lessons = Shelf[T](kind)

    def take(self, path: Path, tell: Callable[[int], None]) -> Portion:
        """All of a file; `tell` hears how many rows were read. Raises UserError where it should not be learned."""
        read = 0
        for read, (line, item) in enumerate(_items(path), 1):
            if isinstance(item, BadLine):
                self._note(Trouble.UNREADABLE, line, item.reason)
            else:
                self._one(line, item)
            tell(read)
        self._refuse(path, read)
        counts = self._counts
        return Portion(
            file=str(path),
            rows=len(self.lessons),
            tokens=counts.tokens,
            learned=counts.learned,
            turns=counts.turns,
            stopped=counts.stopped,
            longest=counts.longest,
            lengths=_in_order(counts.lengths),
            dropped=dict(counts.dropped),
            clipped=counts.clipped,
        )

    def _one(self, line: int, item: Row | Pair) -> None:
        if isinstance(item, Pair) != (self._kind is PairLesson):
            self._note(Trouble.PAIRS if isinstance(item, Pair) else Trouble.CONVERSATIONS, line)
        elif isinstance(item, Pair) and _confidence(item) < self._data.min_confidence:
            self._counts.dropped["unsure"] += 1
        elif (found := spelled_in(item)) and self._data.spelled is Spelled.REFUSE:
            self._note(Trouble.SPELLED, line, found)
        elif found and self._data.spelled is Spelled.DROP:
            self._counts.dropped["spelled"] += 1
        else:
            self._write(line, item)

    def _write(self, line: int, item: Row | Pair) -> None:
        try:
            lesson, turns = self._writer.write(item)
        except (TemplateError, UnsupportedRequest) as error:
            self._note(Trouble.UNWRITABLE, line, str(error))
            return
        if not isinstance(lesson, self._kind):
            raise TypeError(f"a {type(item).__name__} was written as a {type(lesson).__name__}")
        if not lesson.taught:
            self._note(Trouble.SILENT, line)
        elif turns.stopped < turns.count:
            self._note(Trouble.ENDLESS, line)
        else:
            self._fit(line, lesson, turns)

    def _fit(self, line: int, lesson: T, turns: Turns) -> None:
        counts, data = self._counts, self._data
        counts.lengths[bin_of(lesson.length)] += 1
        counts.longest = max(counts.longest, lesson.length)
        if lesson.length > data.max_length:
            if data.overlong is Overlong.REFUSE:
                self._note(Trouble.OVERLONG, line, f"{lesson.length} tokens")
                return
            most = data.max_length if data.overlong is Overlong.CLIP else 0
            cut = lesson.clipped(most)
            if not isinstance(cut, self._kind) or not cut.taught:
                counts.dropped["overlong"] += 1
                return
            lesson = cut
            counts.clipped += 1
        else:
            counts.turns += turns.count
            counts.stopped += turns.stopped
        counts.tokens += lesson.read
        counts.learned += lesson.taught
        self.lessons.add(lesson)

    def _note(self, trouble: Trouble, line: int, detail: str = "") -> None:
        if trouble in self._problems:
            self._problems[trouble].count += 1
        else:
            self._problems[trouble] = _Problem(line, detail)

    def _refuse(self, path: Path, read: int) -> None:
        for trouble, problem in self._problems.items():
            what, hint = trouble.value
            told = f": {problem.detail}" if problem.detail else ""
            raise UserError(
                f"{path}: {problem.count} of {read} rows {what}; the first is line {problem.line}{told}", hint
            )
        if not read:
            raise UserError(f"{path} holds no rows", "look into it, or split the data anew: demiurgic data split")
        if not self.lessons:
            gone = ", ".join(f"{count} {reason}" for reason, count in self._counts.dropped.items())
            raise UserError(
                f"no row of {path} is left ({gone}); the longest has {self._counts.longest} tokens",
                f"data.max_length is {self._data.max_length}, data.min_confidence is {self._data.min_confidence:g}",
            )


def _items(path: Path) -> Iterator[tuple[int, Row | Pair | BadLine]]:
    for raw in raw_lines(path):
        yield (raw.line, raw) if isinstance(raw, BadLine) else (raw.number, parsed(raw, read_any))


def _confidence(pair: Pair) -> float:
    """How sure the judge was; what nobody judged, tests decided."""
    said = pair.meta.get("confidence")
    try:
        return float("inf") if said is None else float(said)
    except (TypeError, ValueError):
        return 0.0


def _in_order(lengths: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(lengths.items(), key=lambda each: (len(each[0]), each[0])))
