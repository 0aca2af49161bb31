"""Cleans the pages of a folder into another: by rules, and by a model behind them where one is given."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from demiurgic.errors import UserError
from demiurgic.evaluation.together import together
from demiurgic_training.journal import Journal
from demiurgic_training.web.pages import Page, read_index, read_text, write_index, write_page
from demiurgic_training.web.picking import Picked, Picker
from demiurgic_training.web.rules import Cleaned, clean, plain, repeated

_JOURNAL = "clean.jsonl"


@dataclass(frozen=True, slots=True)
class Report:
    """What cleaning came to."""

    pages: int
    """Those that still say something."""
    emptied: int
    taken: Counter[str]
    """Lines, by what took them."""
    unheard: int
    """A model's answers that could not be followed."""
    letters: tuple[int, int]
    """Before and after."""


class Picking:
    """A model behind the rules, and what it said before: nothing is asked twice, whoever stopped the program and
    however. Use it `with`."""

    def __init__(self, picker: Picker, at_once: int, folder: Path) -> None:
        """`at_once` pages are asked about together; what is said is kept in the folder."""
        self._picker, self.at_once = picker, at_once
        self._known: dict[str, Picked] = {}
        self._journal = Journal(folder / _JOURNAL, self._take)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()

    def pick(self, text: str) -> Picked:
        """What is left of a text. May be called from several threads."""
        return self._known.get(self._picker.key(text)) or self._picker.pick(text)

    def keep(self, text: str, picked: Picked) -> None:
        """Remember what is left of a text. It is on the disk when this returns."""
        if (key := self._picker.key(text)) not in self._known:
            self._journal.append({"key": key, **asdict(picked)})
            self._known[key] = picked

    def _take(self, row: dict[str, Any]) -> None:
        key = str(row.pop("key"))
        self._known[key] = Picked(**row)


@dataclass(frozen=True, slots=True)
class _Done:
    page: Page
    before: int
    cleaned: Cleaned
    picked: Picked | None

    @property
    def text(self) -> str:
        return self.picked.text if self.picked else self.cleaned.text


def make_target(source: Path, target: Path) -> None:
    """Make the folder for what is cleaned. Raises UserError where it cannot be another one."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        same = source.resolve() == target.resolve()
    except OSError as error:
        raise UserError(f"{target} cannot be made: {error.strerror}", "name another folder with --out") from error
    if same:
        raise UserError(f"{source} would be cleaned into itself", "name another folder with --out")


def clean_pages(source: Path, target: Path, picking: Picking | None, show: Callable[[int, int], None]) -> Report:
    """Clean all pages of a folder into another. `show` is told how many are done, of how many."""
    pages = read_index(source)
    everywhere = repeated(plain(read_text(source, page)) for page in pages)

    def one(page: Page) -> _Done:
        text = read_text(source, page)
        cleaned = clean(plain(text), everywhere)
        return _Done(page, len(text), cleaned, picking.pick(cleaned.text) if picking and cleaned.text else None)

    counts = Counter[str]()
    taken = Counter[str]()
    full: set[Page] = set()
    for number, done in enumerate(_each(pages, one, picking), 1):
        if done.text:
            write_page(target, done.page, done.text)
            full.add(done.page)
        taken.update(done.cleaned.taken)
        if picking and done.picked:
            picking.keep(done.cleaned.text, done.picked)
            taken["the model"] += done.picked.taken
        counts.update(before=done.before, after=len(done.text), unheard=done.picked.unheard if done.picked else 0)
        show(number, len(pages))
    write_index(target, (page for page in pages if page in full))
    letters = counts["before"], counts["after"]
    return Report(len(full), len(pages) - len(full), +taken, counts["unheard"], letters)


def _each(pages: Iterable[Page], one: Callable[[Page], _Done], picking: Picking | None) -> Iterator[_Done]:
    return together(pages, one, picking.at_once) if picking else map(one, pages)
