"""Words of any language, as far as texts are compared by them.

Han, kana and hangul need no blanks between words: there each letter counts as one.
"""

import re

_SINGLE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_SINGLE}]|[^\W\d_{_SINGLE}]+")
_TOKEN = re.compile(rf"[{_SINGLE}]|[^\W{_SINGLE}]+|[^\w\s]")


def words(text: str) -> list[str]:
    """Words of letters, in lower case: neither numbers nor signs."""
    return _WORD.findall(text.casefold())


def tokens(text: str) -> list[str]:
    """Words, numbers and signs, in lower case."""
    return _TOKEN.findall(text.casefold())
