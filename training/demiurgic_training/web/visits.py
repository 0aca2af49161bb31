"""What a crawl has seen: one visit for each address, and the pages that are still to be visited because of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from demiurgic_training.web.pages import Page


class Outcome(StrEnum):
    """What became of an address."""

    KEPT = "kept"  # its text is in the folder
    EMPTY = "empty"  # it says nothing; its links count
    TWICE = "twice"  # another page says the same, word for word
    MOVED = "moved"  # it leads to another address of the site
    LEFT = "left"  # it leads off the site, where nobody asked us to go
    DENIED = "denied"  # robots.txt, or the page itself, wants no robots here
    GONE = "gone"  # the site has no such page, or not for us
    BINARY = "binary"  # it is no text
    LARGE = "large"  # it is larger than was allowed
    FAILED = "failed"  # no answer came, again and again; the next start tries anew


MEANINGS = {
    Outcome.KEPT: "pages kept",
    Outcome.EMPTY: "without text of their own",
    Outcome.TWICE: "that say what another page says",
    Outcome.MOVED: "moved within the site",
    Outcome.LEFT: "lead off the site; not followed",
    Outcome.DENIED: "not for robots",
    Outcome.GONE: "not there",
    Outcome.BINARY: "no text",
    Outcome.LARGE: "too large",
    Outcome.FAILED: "failed; start again to try them once more",
}
"""What is said of how many addresses."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address to visit, so many links and so many redirections away from the first."""

    url: str
    depth: int = 0
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """What was met at an address."""

    place: Place
    outcome: Outcome
    why: str = ""
    links: tuple[str, ...] = ()
    """Where it leads on this site."""
    beside: tuple[str, ...] = ()
    """What is no further away than itself: where it has moved, and what stands in its frames."""
    page: Page | None = None
    digest: str = ""
    """Of the text that was kept."""


def to_json(visit: Visit) -> dict[str, Any]:
    """A visit as a line of the journal."""
    return asdict(visit)


def from_json(held: Mapping[str, Any]) -> Visit:
    """A line of the journal. Raises ValueError, TypeError or KeyError where it is none."""
    page = held["page"]
    return Visit(
        Place(**held["place"]),
        Outcome(held["outcome"]),
        str(held["why"]),
        tuple(held["links"]),
        tuple(held["beside"]),
        Page(**page) if page else None,
        str(held["digest"]),
    )


class Frontier:
    """What is to be visited, nearest first; of those that are equally near, what was found first."""

    def __init__(self, start: str, depth: int) -> None:
        self._depth = depth
        self._waiting = {start: Place(start)}
        self._visited: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self) -> Place | None:
        """The next place, if any is left. It stays here until it was visited."""
        return min(self._waiting.values(), key=lambda place: place.depth, default=None)

    def take(self, visit: Visit) -> None:
        """A place was visited: it is not visited again, and where it leads is to be."""
        here = visit.place
        self._visited.add(here.url)
        self._waiting.pop(here.url, None)
        for url in visit.beside:
            self._meet(Place(url, here.depth, here.hops + 1))
        for url in visit.links if here.depth < self._depth else ():
            self._meet(Place(url, here.depth + 1))

    def _meet(self, place: Place) -> None:
        known = self._waiting.get(place.url)
        if place.url not in self._visited and (known is None or known.depth > place.depth):
            self._waiting[place.url] = place
