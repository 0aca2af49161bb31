"""Pages of a site in a folder: one text file each, and an index with a line for each that says where it is from.

A folder of text files without an index is read as well; such pages are from those files.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from demiurgic.errors import UserError
from demiurgic_models.files import write_beside
from demiurgic_training.files import BadLine, read_as, write_items

INDEX = "index.jsonl"
TEXTS = "pages"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Page:
    """A page, by the file of its text within the folder. What is not known of it is empty."""

    file: str
    url: str = ""
    title: str = ""
    date: str = ""

    @property
    def source(self) -> str:
        """Where it is from, in one word."""
        return self.url or self.file


def file_of(url: str) -> str:
    """The file for the text of the page at an address: readable, and of no other address."""
    path = unquote(url.partition("://")[2].partition("/")[2])
    told = re.sub(r"(?:[^\w.]|\.(?:html?|php|aspx?|jsp)\b)+", "-", path).strip("-._")[:_LONGEST_NAME]
    return f"{TEXTS}/{told or 'index'}-{hashlib.sha256(url.encode()).hexdigest()[:10]}.txt"


def write_page(folder: Path, page: Page, text: str) -> None:
    """Put the text of a page to its place."""
    path = folder / page.file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, f"{text}\n")


def write_index(folder: Path, pages: Iterable[Page]) -> int:
    """Say which pages there are, and return how many."""
    return write_items(folder / INDEX, (asdict(page) for page in pages))


def read_index(folder: Path) -> list[Page]:
    """The pages of a folder. Raises UserError where there are none, or what the index says of them cannot be."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder of pages", "demiurgic data crawl URL makes one")
    if (folder / INDEX).exists():
        pages = [_indexed(held) for held in read_as(folder / INDEX, _page)]
    else:
        files = (path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
        pages = [Page(file) for file in sorted(files)]
    if not pages:
        raise UserError(f"{folder} holds no pages", "demiurgic data crawl URL fetches some")
    return pages


def read_text(folder: Path, page: Page) -> str:
    """The text of a page. Raises UserError where it is not there, or is no UTF-8."""
    try:
        return (folder / page.file).read_text("utf-8").removesuffix("\n")
    except FileNotFoundError as error:
        raise UserError(f"the text of {page.source} is not there: {folder / page.file}", "crawl it again") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{folder / page.file} is no UTF-8 text", "save it as UTF-8") from error


def _indexed(held: Page | BadLine) -> Page:
    if isinstance(held, BadLine):
        raise UserError(str(held), "crawl or clean again: the index is written anew")
    return held


def _page(held: Any) -> Page:  # noqa: ANN401 - whatever the line holds
    try:
        page = Page(**held)
    except TypeError as error:
        raise ValueError(f"no page: {error}") from error
    if not all(isinstance(value, str) for value in asdict(page).values()):
        raise ValueError("a page is told in texts")
    path = Path(page.file)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{page.file!r} leads out of the folder")
    return page
