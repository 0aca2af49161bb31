"""Whether a quote stands on a page, and where. Blanks, line breaks, punctuation, capitals and the width of letters do
not matter. Words, numbers and their order do, and so do the signs that change what a number says.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

LEAST_WORDS = 4
"""Fewer words, or letters of a script without blanks between words, stand on nearly every page."""
_UNSPACED = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana and Han
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
)
_WORD = re.compile(
    rf"\d+(?:[.,:/]\d+)*|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+"
    r"|(?<![0-9a-z])-(?=\d)|[%‰$€£¥<>=±×÷°^~]|\+(?=\d)|(?<=[0-9a-z])[+#]+"
)
_MINUS = str.maketrans("\u2212", "-")


@dataclass(frozen=True, slots=True)
class _Folded:
    """Text in one width and case, and where each of its letters came from."""

    text: str
    origins: tuple[int, ...]


class Grounds:
    """A page, ready to be searched for quotes."""

    def __init__(self, page: str) -> None:
        self._page = unicodedata.normalize("NFC", page)
        folded = _folded(self._page)
        spans = list(_WORD.finditer(folded.text))
        self._words = _told([span[0] for span in spans])
        self._starts = [place for place, letter in enumerate(self._words) if letter == "\n"]
        self._places = [(folded.origins[span.start()], folded.origins[span.end() - 1] + 1) for span in spans]

    def find(self, quote: str) -> str | None:
        """The page's own words where it says what is quoted, from the first of them to the last; None where it does
        not, or where the quote has too few words to say anything."""
        words = _WORD.findall(_folded(unicodedata.normalize("NFC", quote)).text)
        at = self._words.find(_told(words)) if len(words) >= LEAST_WORDS else -1
        if at < 0:
            return None
        first = bisect_right(self._starts, at) - 1
        return self._page[self._places[first][0] : self._places[first + len(words) - 1][1]]


def _told(words: list[str]) -> str:
    """Words apart from each other, so that none is found within another."""
    return "\n".join(["", *words, ""])


def _folded(text: str) -> _Folded:
    letters = [unicodedata.normalize("NFKC", letter).casefold().translate(_MINUS) for letter in text]
    origins = [place for place, folded in enumerate(letters) for _ in folded]
    return _Folded("".join(letters), tuple(origins))
