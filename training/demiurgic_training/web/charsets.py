"""The text of a page from its bytes. What a page says of its charset is heard, and believed if the bytes agree."""

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_META = re.compile(rb"""<meta[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_HEAD = 4096
_ALL_BYTES = bytes(range(256))
_ENOUGH = 200_000
"""Bytes from which a charset is guessed."""
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs"}
"""What browsers read where a page names the first: pages use characters that only the second has."""
_PROVE_NOTHING = frozenset({"iso8859-1", "cp1252", "ascii"})
"""Charsets that any bytes fit, and that servers name without knowing."""
_MOST_BROKEN = 0.02
"""Of the characters beyond ASCII, how many may be damaged in text that still counts as read."""


def decoded(data: bytes, declared: str | None) -> str:
    """The text of bytes, whose sender declared this charset, or none. Never fails; the last resort are damaged
    characters."""
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return data.decode(charset, "replace").removeprefix("\ufeff")
    named = [charset for name in (declared, _meta(data)) if name and (charset := _known(name))]
    believed = [charset for charset in named if charset not in _PROVE_NOTHING]
    if data.isascii():  # some charsets are spelled in ASCII alone
        return data.decode(believed[0] if believed else "utf-8", "replace")
    for charset in ("utf-8", *believed):
        if (text := _read(data, charset)) is not None:
            return text
    return data.decode(_guessed(data, "cp1252" if named else ""), "replace")


def _meta(data: bytes) -> str | None:
    found = _META.search(data, 0, _HEAD)
    return found[1].decode("ascii", "replace") if found else None


def _known(name: str) -> str | None:
    """The codec for text of this name."""
    try:
        charset = codecs.lookup(name.strip("\"' "))
        _ALL_BYTES.decode(charset.name, "replace")  # what is no charset for text is refused here
    except (LookupError, ValueError):
        return None
    return _WIDER.get(charset.name, charset.name)


def _read(data: bytes, charset: str) -> str | None:
    text = data.decode(charset, "replace")
    beyond = sum(letter > "\x7f" for letter in text)
    return text if text.count("\ufffd") <= _MOST_BROKEN * beyond else None


def _guessed(data: bytes, usual: str) -> str:
    """What the bytes look like. Against what is `usual` only charsets of many-byte letters stand: they leave traces."""
    from charset_normalizer import from_bytes
    from charset_normalizer.utils import is_multi_byte_encoding

    best = from_bytes(re.sub(rb"<[^<>]*>", b" ", data[:_ENOUGH])).best()
    if best is None or (usual and not is_multi_byte_encoding(best.encoding)):
        return usual or "utf-8"
    return _WIDER.get(codecs.lookup(best.encoding).name, best.encoding)
