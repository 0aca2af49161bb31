"""Addresses of pages: each has one spelling, so that a page is met once, and belongs to one site."""

import re
from urllib.parse import quote

import httpx2

_CODE = re.compile(r"%([0-9a-fA-F]{2})")
_ASCII = "".join(map(chr, range(33, 127)))
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LONGEST = 2000
_BREAKS = str.maketrans("", "", "\t\r\n")


def normal(url: str, base: str = "") -> str | None:
    """The one spelling of an address, which may be relative to `base`; without what is behind a `#`. None for what is
    no address of the web, or holds a password."""
    if len(url) > _LONGEST:
        return None
    try:
        found = httpx2.URL(base).join(url.strip().translate(_BREAKS)) if base else httpx2.URL(url.strip())
        if found.scheme not in ("http", "https") or not found.host or found.userinfo:
            return None
        plain = found.copy_with(fragment=None, path=found.path or "/")
    except (httpx2.InvalidURL, ValueError):
        return None
    spelled = percent_coded(str(plain))
    return spelled if len(spelled) <= _LONGEST else None


def site_of(url: str) -> str:
    """Scheme, host and port of a normal address: where one site ends and another begins."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split(r'[/?]', rest, maxsplit=1)[0]}"


def target_of(url: str) -> str:
    """What stands behind the site in a normal address: its path and query."""
    rest = url.removeprefix(site_of(url))
    return rest if rest.startswith("/") else f"/{rest}"


def percent_coded(text: str) -> str:
    """Text with one spelling for every character: codes for what needs them, in capitals, and for nothing else."""
    return quote(_CODE.sub(_code, text), safe=_ASCII)


def _code(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else found[0].upper()
