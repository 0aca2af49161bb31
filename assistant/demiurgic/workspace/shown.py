r"""Text for a person's eye: what a terminal would obey, and what nobody could see, is spelled out.

File names, program output and models' words may hold escape sequences, marks that turn the writing direction, and
characters without a shape. All of them are data from strangers. What a model reads is not passed through here.
"""

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTION = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
_INVISIBLE = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2028\u2029\u2060-\u2065\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SURROGATES = r"\ud800-\udfff"
# Joiners belong to emoji and to some scripts; anywhere else they only hide a difference.
_JOINED = r"\ufe0f\u2190-\u2bff\U0001f000-\U0001faff\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff\u1000-\u109f"
_HIDDEN = re.compile(rf"[{_CONTROLS}{_DIRECTION}{_INVISIBLE}{_SURROGATES}]|(?<![{_JOINED}])[\u200c\u200d]")
_BREAKS = re.compile(r"[\t\n]")


def visible(text: str) -> str:
    """The text with nothing in it that acts or hides. Line ends and tabs are kept."""
    return _HIDDEN.sub(_spelled, text.replace("\r\n", "\n"))


def visible_name(name: str) -> str:
    """A file name, or any other text that must stay on one line."""
    return _BREAKS.sub(_spelled, visible(name.replace("\r", "\\r")))


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is no UTF-8, as Python carries it
        return f"\\x{code - 0xDC00:02x}"
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0])
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
