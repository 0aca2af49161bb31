"""A web page as text that can be read: headings, paragraphs, lists, code and links; nothing that only decorates."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

_SKIPPED = frozenset(
    ("script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside", "form", "iframe")
)
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "section",
        "article",
        "main",
        "ul",
        "ol",
        "table",
        "tr",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "figure",
        "hr",
    )
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_SPACE = re.compile(r"[ \t\r\n\f]+")


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self._address = address
        self._parts: list[str] = []
        self._skipping: list[str] = []
        self._literal = 0
        self._links: list[str] = []

    def text(self) -> str:
        lines = [line.rstrip() for line in "".join(self._parts).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping.append(tag)
        elif tag == "pre":
            self._literal += 1
            self._parts.append("\n\n```\n")
        elif tag in _HEADINGS:
            self._parts.append(f"\n\n{_HEADINGS[tag]} ")
        elif tag in _BLOCKS:
            self._parts.append("\n\n" if tag in ("p", "blockquote") else "\n")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag == "br":
            self._parts.append("\n")
        elif tag in ("td", "th"):
            self._parts.append("| " if self._parts and self._parts[-1].endswith("\n") else " | ")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._skipping and tag == self._skipping[-1]:
            self._skipping.pop()
        elif tag == "pre" and self._literal:
            self._literal -= 1
            self._parts.append("\n```\n\n")
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._parts.append("\n")
        elif tag == "a" and self._links and not self._skipping:
            self._end_link(self._links.pop())

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._literal:
            self._parts.append(data)
        elif text := _SPACE.sub(" ", data):
            after_break = not self._parts or self._parts[-1].endswith(("\n", " "))
            self._parts.append(text.lstrip(" ") if after_break else text)

    def _end_link(self, target: str) -> None:
        if target and not target.startswith(("#", "javascript:")):
            self._parts.append(f" ({urljoin(self._address, target)})")


def readable(html: str, address: str) -> str:
    """What a person would read on the page at this address."""
    reader = _Reader(address)
    reader.feed(html)
    reader.close()
    return reader.text()
