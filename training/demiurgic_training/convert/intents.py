"""Tables of labelled texts as conversations that teach a model to say the label.

    text,label                        {"messages": [{"role": "system", "content": "..."},
    我想查询我的余额,咨询（含查询）账户信息       {"role": "user", "content": "我想查询我的余额"},
                                                    {"role": "assistant", "content": "意图：6:咨询（含查询）账户信息"}]}

The labels' file and the form of the answer are those of `demiurgic eval intents`, so that what is taught is what is
measured.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from demiurgic.evaluation.intents.data import instruction
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.messages import Assistant, System, User
from demiurgic_training.convert.tables import Record, read_table
from demiurgic_training.files import BadLine
from demiurgic_training.rows import Row
from demiurgic_training.splitting import Member

ANSWER = "意图：{index}:{label}"


@dataclass(frozen=True, slots=True)
class Reading:
    """Where texts and labels stand, and what they become."""

    labels: Labels
    system: str | None = None
    """What stands above each conversation; by default the instruction of evaluations, which lists all labels."""
    answer: str = ANSWER
    text_column: str = "text"
    label_column: str = "label"
    encoding: str = "utf-8-sig"


@dataclass(slots=True)
class Seen:
    """What a table turned out to hold."""

    unknown: Counter[str] = field(default_factory=Counter[str])
    """Labels that are none of those known, with how often they stand there."""
    _labels: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def contradictory(self) -> int:
        """How many texts stand there under more than one label."""
        return sum(len(labels) > 1 for labels in self._labels.values())

    def note(self, text: str, label: str) -> None:
        """One more text."""
        self._labels[text].add(label)


def read_intents(path: Path, reading: Reading, seen: Seen) -> Iterator[Row | BadLine]:
    """The rows of a table. A label may be written by its name or by its id. Raises UserError."""
    system = System(reading.system) if reading.system is not None else instruction(reading.labels)
    answers = dict(zip(reading.labels.names, reading.labels.spelled(reading.answer), strict=True))
    names = dict(zip(reading.labels.spelled("{index}"), reading.labels.names, strict=True))
    for record in read_table(path, (reading.text_column, reading.label_column), reading.encoding):
        if isinstance(record, BadLine):
            yield record
            continue
        text, label = _cells(record, reading)
        label = label if label in answers else names.get(label, label)
        if not text:
            yield BadLine(path, record.line, f"the column {reading.text_column!r} is empty")
        elif label not in answers:
            seen.unknown[label] += 1
            yield BadLine(path, record.line, f"{label!r} is none of the labels")
        else:
            seen.note(text, label)
            meta = {"source": f"{path.name}:{record.line}", "label": label}
            yield Row((system, User(text), Assistant(answers[label])), meta=meta)


def member_of_class(row: Row) -> Member:
    """Each class is divided for itself, and the same text stands on one side only."""
    return Member((f"text:{row.question}",), stratum=str(row.meta["label"]))


def _cells(record: Record, reading: Reading) -> tuple[str, str]:
    return record.cells[reading.text_column].strip(), record.cells[reading.label_column].strip()
