"""What a page says, without what only stands around it: header, footer, navigation and cookie banners."""

from dataclasses import dataclass
from typing import Protocol

from demiurgic.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class Extract:
    """A page's own text, with its title and its date where they are known; empty where they are not."""

    text: str
    title: str = ""
    date: str = ""


class Extractor(Protocol):
    """Finds what a page says."""

    def __call__(self, html: str, address: str) -> Extract: ...


def extractor() -> Extractor:
    """The extractor that is installed. Raises MissingExtra where none is."""
    try:
        import trafilatura
        from trafilatura.settings import Document
    except ImportError as error:
        raise MissingExtra("what finds the text of web pages", "data") from error

    def read(html: str, address: str, *, strictly: bool) -> Extract:
        found = trafilatura.bare_extraction(
            html,
            url=address,
            favor_precision=strictly,
            include_comments=False,
            with_metadata=True,
            date_extraction_params={"original_date": True, "extensive_search": False},
        )
        if not isinstance(found, Document):
            return Extract("")
        return Extract((found.text or "").strip(), found.title or "", found.date or "")

    def extract(html: str, address: str) -> Extract:
        # Pages of few words, as those in Chinese are, come with all their menus unless the reading is strict.
        found = read(html, address, strictly=True)
        return found if found.text else read(html, address, strictly=False)

    return extract
