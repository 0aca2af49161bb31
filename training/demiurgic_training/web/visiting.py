"""One visit to one address: asked for as the site wants it, read, and kept if it says something of its own."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from demiurgic.errors import PrivateAddress, UserError, WorkError
from demiurgic_training.web.addresses import normal, site_of, target_of
from demiurgic_training.web.charsets import decoded
from demiurgic_training.web.extracting import Extract, Extractor
from demiurgic_training.web.fetching import Answer, Fetcher, Unreached
from demiurgic_training.web.links import Leads, leads_of, robots_words
from demiurgic_training.web.pages import Page, file_of, write_page
from demiurgic_training.web.robots import LARGEST, Robots, read_robots
from demiurgic_training.web.visits import Outcome, Place, Visit

AGENT = "demiurgic"
"""The name by which robots.txt may call us."""
_TRIES, _MOST_HOPS = 3, 5
_LONGEST_PAUSE = 120.0
_KEEP_OUT = frozenset({"noindex", "none", "noai"})
_LEAVE_LINKS = frozenset({"nofollow", "none"})


@dataclass(frozen=True, slots=True)
class Asking:
    """How pages are asked for: `fetcher` asks, `delay` seconds after it had the answer before."""

    fetcher: Fetcher
    delay: float

    def get(self, url: str) -> Answer:
        """The answer for an address. A site that is busy or breaks off is asked again, later each time, and not sooner
        than it wants. Raises Unreached, and PrivateAddress before anything is sent there."""
        for number in range(_TRIES):
            last = number == _TRIES - 1
            try:
                answer = self.fetcher.get(url, self.delay)
            except Unreached:
                if last:
                    raise
                pause = 0.0
            else:
                if last or not _busy(answer.status) or answer.pause > _LONGEST_PAUSE:
                    return answer
                pause = answer.pause
            time.sleep(max(pause, self.delay * 2**number))
        raise AssertionError("the last try returns or raises")


def rules_of(site: str, asking: Asking) -> Robots:
    """What a site's robots.txt says to us. Raises UserError where it leads off the site, and WorkError where it cannot
    be read: nothing is to be asked for then."""
    url = f"{site}/robots.txt"
    for _ in range(_MOST_HOPS):
        answer = asking.get(url)
        if _busy(answer.status):
            raise WorkError(f"{url} answers {answer.status}", "without its rules nothing is crawled; try again later")
        target = normal(answer.location, url) if answer.location else None
        if target is None:
            return read_robots(decoded(answer.body[:LARGEST], "utf-8"), AGENT) if answer.status == 200 else Robots()
        if site_of(target) != site:
            raise UserError(f"{url} has moved to {target}", f"demiurgic data crawl {site_of(target)}/")
        url = target
    return Robots()


class Visitor:
    """Visits pages of one site, and puts what they say into a folder."""

    def __init__(self, asking: Asking, robots: Robots, extract: Extractor, folder: Path) -> None:
        self._asking, self._robots, self._extract, self._folder = asking, robots, extract, folder
        self._known: set[str] = set()

    def knows(self, visit: Visit) -> None:
        """Tell of a visit that was made: what it found is not kept twice."""
        self._known.add(visit.digest)

    def visit(self, place: Place) -> Visit:
        """Visit a place."""
        if not self._robots.allows(target_of(place.url)):
            return Visit(place, Outcome.DENIED, "robots.txt")
        try:
            answer = self._asking.get(place.url)
        except PrivateAddress as error:
            return Visit(place, Outcome.LEFT, error.message)
        except Unreached as error:
            return Visit(place, Outcome.FAILED, error.message)
        return self._judged(place, answer)

    def _judged(self, place: Place, answer: Answer) -> Visit:
        if answer.location:
            return _moved(place, answer)
        if answer.status != 200:
            return Visit(place, Outcome.FAILED if _busy(answer.status) else Outcome.GONE, f"status {answer.status}")
        if not answer.readable:
            return Visit(place, Outcome.BINARY, answer.kind)
        if not answer.whole:
            return Visit(place, Outcome.LARGE, f"more than {len(answer.body)} bytes")
        return self._read(place, answer)

    def _read(self, place: Place, answer: Answer) -> Visit:
        text = decoded(answer.body, answer.charset)
        plain = answer.kind == "text/plain"
        leads = Leads() if plain else leads_of(text, place.url)
        words = leads.words | robots_words(answer.robots)
        found = Visit(
            place,
            Outcome.EMPTY,
            links=() if words & _LEAVE_LINKS else _here(leads.links, place),
            beside=_here(leads.beside, place) if place.hops < _MOST_HOPS else (),
        )
        if words & _KEEP_OUT:
            return replace(found, outcome=Outcome.DENIED, why="the page")
        extract = Extract(text.strip()) if plain else self._extract(text, place.url)
        return self._kept(found, extract) if extract.text else found

    def _kept(self, found: Visit, extract: Extract) -> Visit:
        url, digest = found.place.url, hashlib.sha256(extract.text.encode()).hexdigest()
        if digest in self._known:
            return replace(found, outcome=Outcome.TWICE)
        page = Page(file_of(url), url, extract.title, extract.date)
        write_page(self._folder, page, extract.text)
        return replace(found, outcome=Outcome.KEPT, page=page, digest=digest)


def _here(links: tuple[str, ...], place: Place) -> tuple[str, ...]:
    """Those that stay on the site."""
    return tuple(link for link in links if site_of(link) == site_of(place.url))


def _moved(place: Place, answer: Answer) -> Visit:
    target = normal(answer.location, place.url)
    if target is None or place.hops >= _MOST_HOPS:
        return Visit(place, Outcome.GONE, "redirected again and again" if target else "redirected to nowhere")
    if site_of(target) != site_of(place.url):
        return Visit(place, Outcome.LEFT, target)
    return Visit(place, Outcome.MOVED, target, beside=(target,))


def _busy(status: int) -> bool:
    return status == 429 or status >= 500
