"""Where a page leads, and what it says that programs may do with it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from demiurgic_training.web.addresses import normal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MOST = 5000
_LINKS = {"a": "href", "area": "href"}
_FRAMES = {"frame": "src", "iframe": "src"}
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_FOR_US = frozenset({"robots", "demiurgic"})


@dataclass(frozen=True, slots=True)
class Leads:
    """The addresses that a page leads to, each once and in order, and its words for robots."""

    links: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    """Where it sends whoever comes, and what stands in its frames."""
    words: frozenset[str] = frozenset()


def leads_of(html: str, address: str) -> Leads:
    """Where the page at this address leads. A link that is not to be followed is left out."""
    page = _parsed(html)
    if page is None:
        return Leads()
    bases = (normal(base.attrib.get("href", ""), address) for base in page.iter("base"))
    base = next(bases, None) or address
    metas = [dict(meta.attrib) for meta in page.iter("meta")]
    words = (meta.get("content", "") for meta in metas if meta.get("name", "").lower() in _FOR_US)
    return Leads(
        links=_normal(_written(page, _LINKS), base),
        beside=_normal((*_refreshes(metas), *_written(page, _FRAMES)), base),
        words=frozenset[str]().union(*map(robots_words, words)),
    )


def robots_words(text: str) -> frozenset[str]:
    """The words of a robots header or tag."""
    return frozenset(word for word in re.split(r"[\s,]+", text.lower()) if word)


def _normal(written: Iterable[str], base: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link for each in islice(written, _MOST) if (link := normal(each, base))))


def _written(page: "HtmlElement", where: Mapping[str, str]) -> Iterable[str]:
    for element in page.iter(*where):
        target = element.attrib.get(where[str(element.tag)], "").strip()
        if target and "nofollow" not in element.attrib.get("rel", "").lower().split():
            yield target


def _refreshes(metas: Iterable[Mapping[str, str]]) -> Iterable[str]:
    for meta in metas:
        if meta.get("http-equiv", "").lower() == "refresh" and (found := _REFRESH.match(meta.get("content", ""))):
            yield found[1]


def _parsed(html: str) -> "HtmlElement | None":
    from lxml import etree
    from lxml import html as pages

    parser = pages.HTMLParser(encoding="utf-8")
    try:
        return pages.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # there is nothing in it
        return None
