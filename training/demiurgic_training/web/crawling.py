"""Crawls one site into a folder, page after page, and goes on where it was stopped."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from demiurgic.errors import PrivateAddress, UserError, WorkError
from demiurgic_training.journal import Journal
from demiurgic_training.web.addresses import site_of
from demiurgic_training.web.extracting import extractor
from demiurgic_training.web.fetching import Fetcher, Unreached
from demiurgic_training.web.pages import Page, write_index
from demiurgic_training.web.robots import Robots
from demiurgic_training.web.visiting import Asking, Visitor, rules_of
from demiurgic_training.web.visits import Frontier, Outcome, Visit, from_json, to_json

_JOURNAL = "crawl.jsonl"
_MOST_FAILURES = 5
"""Pages behind each other that may fail before the site counts as down."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is crawled: `start` is a normal address."""

    start: str
    depth: int = 1
    """How many links lie between the first page and the last ones."""
    most: int = 1000
    """How many addresses are asked for in all."""
    delay: float = 1.0
    """Seconds from an answer to the next question; a site may ask for more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a crawl is."""

    outcomes: Counter[Outcome]
    waiting: int
    delay: float
    latest: str = ""


class Record:
    """What a crawl has come to, in the folder where its pages are. For one program at a time."""

    def __init__(self, folder: Path, start: str) -> None:
        """Read what is there. Raises UserError where it is of another site."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder} cannot be made: {error.strerror}", "name another folder with --out") from error
        self._folder, self._start = folder, ""
        self.visits: dict[str, Visit] = {}
        self._journal = Journal(folder / _JOURNAL, self._take)
        if self._start and self._start != start:
            self._journal.close()
            raise UserError(f"{folder} holds a crawl of {self._start}", "name another folder with --out")
        if not self._start:
            self._journal.append({"start": start})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._journal.close()
        write_index(self._folder, self.pages())

    def add(self, visit: Visit) -> None:
        """A visit was made. It is not made again once this returns."""
        self._journal.append(to_json(visit))
        self.visits[visit.place.url] = visit

    def pages(self) -> Iterator[Page]:
        """What was kept, in the order in which it was found."""
        return (visit.page for visit in self.visits.values() if visit.page is not None)

    def standing(self, waiting: int, delay: float, latest: str = "") -> Standing:
        """All of it in figures."""
        return Standing(Counter(visit.outcome for visit in self.visits.values()), waiting, delay, latest)

    def _take(self, row: dict[str, Any]) -> None:
        if "start" in row:
            self._start = str(row["start"])
        else:
            visit = from_json(row)
            self.visits[visit.place.url] = visit


def crawl(plan: Plan, fetcher: Fetcher, folder: Path, show: Callable[[Standing], None]) -> Standing:
    """Visit what was not visited yet. Raises UserError where nothing can be got at the start, and WorkError where its
    site does not answer."""
    extract = extractor()
    robots = _rules(site_of(plan.start), Asking(fetcher, plan.delay))
    delay = max(plan.delay, robots.delay)
    with Record(folder, plan.start) as record:
        visitor = Visitor(Asking(fetcher, delay), robots, extract, folder)
        frontier = Frontier(plan.start, plan.depth)
        for visit in record.visits.values():
            visitor.knows(visit)
            if visit.outcome is not Outcome.FAILED:
                frontier.take(visit)
        failures = 0
        while (place := frontier.next()) is not None and _asked(record) < plan.most and failures < _MOST_FAILURES:
            visit = visitor.visit(place)
            record.add(visit)
            visitor.knows(visit)
            frontier.take(visit)
            failures = failures + 1 if visit.outcome is Outcome.FAILED else 0
            show(record.standing(len(frontier), delay, place.url))
        _check_start(record.visits[plan.start])
        if failures == _MOST_FAILURES:
            raise WorkError(
                f"{site_of(plan.start)} does not answer any more", "start again later; it goes on from here"
            )
        return record.standing(len(frontier), delay)


def _rules(site: str, asking: Asking) -> Robots:
    try:
        return rules_of(site, asking)
    except PrivateAddress as error:
        raise UserError(error.message, "add --allow-private if it is yours to crawl") from error
    except Unreached as error:
        raise WorkError(
            f"{site} does not answer: {error.message}", "start again later; it goes on from here"
        ) from error


def _asked(record: Record) -> int:
    return sum(visit.outcome is not Outcome.DENIED for visit in record.visits.values())


def _check_start(visit: Visit) -> None:
    url, why = visit.place.url, visit.why
    match visit.outcome:
        case Outcome.LEFT:
            raise UserError(f"{url} leads off its site: {why}", "crawl the site that it leads to")
        case Outcome.DENIED:
            raise UserError(f"{url} wants no robots ({why})", "ask the site's owner for the text")
        case Outcome.GONE | Outcome.BINARY | Outcome.LARGE:
            raise UserError(f"{url} is no page that can be crawled: {why}", "begin at another page of the site")
        case Outcome.FAILED:
            raise WorkError(f"{url} cannot be fetched: {why}", "start again later; it goes on from here")
        case _:
            return
