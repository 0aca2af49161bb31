"""Questions and answers for all pages of a folder, as rows; goes on where it was stopped."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from demiurgic.errors import UserError
from demiurgic.evaluation.together import together
from demiurgic_training.files import write_items
from demiurgic_training.journal import Journal
from demiurgic_training.rows import Row, asked
from demiurgic_training.web.pages import Page, read_index, read_text
from demiurgic_training.web.portions import portions
from demiurgic_training.web.questions import Found, Portion, Questioner, Written

_TWICE = "asked twice of one page"


@dataclass(frozen=True, slots=True)
class Wish:
    """What rows are made of."""

    letters: int
    """How much of a page is shown at once, at most."""
    at_once: int
    """How many portions are asked about together."""
    system: str = ""
    """What stands above each question in its row."""
    pages: int | None = None
    """Only so many of them, the first ones."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far it is: portions of pages, pairs that can be believed, and what was dropped, by reason."""

    done: int
    wanted: int
    rows: int
    dropped: Counter[str]


class Answers:
    """What a model wrote, in a file beside the rows: nothing is asked twice, whoever stopped the program and however.
    Use it `with`."""

    def __init__(self, rows: Path) -> None:
        """Read what is there. Raises UserError where another program writes to it."""
        self._written: dict[str, Written] = {}
        self._journal = Journal(rows.with_name(f"{rows.name}.journal"), self._take)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()

    def __contains__(self, key: str) -> bool:
        return key in self._written

    def __getitem__(self, key: str) -> Written:
        return self._written[key]

    def add(self, key: str, written: Written) -> None:
        """Keep what was written. It is on the disk when this returns."""
        found = [asdict(each) for each in written.found]
        self._journal.append({"key": key, "found": found, "dropped": dict(written.dropped)})
        self._written[key] = written

    def _take(self, row: dict[str, Any]) -> None:
        self._written[row["key"]] = Written(tuple(Found(**found) for found in row["found"]), row["dropped"])


def write_rows(
    folder: Path, rows: Path, questioner: Questioner, wish: Wish, show: Callable[[Standing], None]
) -> Standing:
    """Ask about every page of a folder what was not asked before, and write all rows to a file: those of a page behind
    each other, in the order of the pages. Raises UserError where not one row comes of it."""
    wanted = {questioner.key(portion): portion for portion in _portions(folder, wish)}

    def write(key: str) -> tuple[str, Written]:
        return key, questioner.write(wanted[key])

    with Answers(rows) as answers:
        for key, written in together([key for key in wanted if key not in answers], write, wish.at_once):
            answers.add(key, written)
            show(_standing(wanted, answers))
        standing = _standing(wanted, answers)
        if not standing.rows:
            reasons = ", ".join(f"{reason} {count}" for reason, count in standing.dropped.most_common())
            raise UserError(
                f"no question and answer of {questioner.name} could be kept ({reasons or 'it wrote none'})",
                "try another model with --model",
            )
        told = {"teacher": questioner.name, "kind": "qa"}
        write_items(rows, (_row(wanted[key].page, found, wish, told) for key, found in _kept(wanted, answers)))
    return standing


def _portions(folder: Path, wish: Wish) -> Iterator[Portion]:
    for page in read_index(folder)[: wish.pages]:
        whole = read_text(folder, page)
        yield from (Portion(page, text, whole) for text in portions(whole, wish.letters))


def _standing(wanted: Mapping[str, Portion], answers: Answers) -> Standing:
    done = [answers[key] for key in wanted if key in answers]
    rows = sum(1 for _ in _kept(wanted, answers))
    dropped = Counter({_TWICE: sum(len(written.found) for written in done) - rows})
    for written in done:
        dropped.update(written.dropped)
    return Standing(len(done), len(wanted), rows, +dropped)


def _kept(wanted: Mapping[str, Portion], answers: Answers) -> Iterator[tuple[str, Found]]:
    """What can be believed, in the order of the pages; what is asked again of the same page is left out."""
    known: set[tuple[str, str]] = set()
    for key, portion in wanted.items():
        for found in answers[key].found if key in answers else ():
            question = portion.page.source, found.question.casefold()
            if question not in known:
                known.add(question)
                yield key, found


def _row(page: Page, found: Found, wish: Wish, told: Mapping[str, str]) -> Row:
    known = {"title": page.title, "date": page.date, **told}
    meta = {"source": page.source, "page": page.source, "quote": found.quote}
    return asked(found.question, found.answer, wish.system, meta | {name: held for name, held in known.items() if held})
