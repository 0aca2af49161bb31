"""Growing a file from a URL, from where it stopped: what the mirror and the hub have in common."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Fetching, Progress, ensure_room
from demiurgic_models.files import sync, write_beside

_BLOCK = 2**16
_GOES_ON, _NOTHING_LEFT = 206, 416
_TIMEOUT = httpx2.Timeout(30, connect=10)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a file is to be had."""

    source: str
    url: str
    size: int | None
    headers: Mapping[str, str]
    identity: str
    """What tells this file from others of its name, as long as the registry knows no checksum: two repositories may
    well have made different files."""


class _BrokeOff(PullFailed):
    """The connection ended before the file did."""


def fetch_url(address: Address, fetching: Fetching) -> None:
    """Fetch what is missing of the file. A broken connection is taken up again as long as each try brings more."""
    part, furthest = fetching.part, 0
    if fetching.entry.sha256 is None:
        _begin_anew_unless_same(address, fetching)
    try:
        with httpx2.Client(follow_redirects=True, timeout=_TIMEOUT) as client:
            while True:
                try:
                    _fetch(client, address, fetching)
                    return
                except (_BrokeOff, httpx2.TransportError):
                    reached = part.stat().st_size if part.exists() else 0
                    if reached <= furthest:
                        raise
                    furthest = reached
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise PullFailed(f"{address.url}: {error or type(error).__name__}") from error


def _begin_anew_unless_same(address: Address, fetching: Fetching) -> None:
    origin = fetching.part.with_suffix(".origin")
    if not origin.exists() or origin.read_text("utf-8") != address.identity:
        fetching.part.unlink(missing_ok=True)
        write_beside(origin, address.identity)


def _fetch(client: httpx2.Client, address: Address, fetching: Fetching) -> None:
    part = fetching.part
    have = part.stat().st_size if part.exists() else 0
    if have and have == address.size:
        return  # the checksum decides
    ensure_room(part.parent, (address.size or 0) - have, fetching.entry.name)
    headers = {**address.headers, "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", address.url, headers=headers) as answer:
        if have and answer.status_code == _NOTHING_LEFT:
            return
        if not answer.is_success:
            raise PullFailed(f"{address.url} answered {answer.status_code}")
        _receive(answer, address, have if _goes_on(answer, have) else 0, fetching)


def _goes_on(answer: httpx2.Response, have: int) -> bool:
    begins = re.match(rf"bytes {have}-", answer.headers.get("content-range", ""))
    return answer.status_code == _GOES_ON and begins is not None


def _receive(answer: httpx2.Response, address: Address, have: int, fetching: Fetching) -> None:
    part = fetching.part
    length = answer.headers.get("content-length", "")
    total = have + int(length) if length.isdecimal() else address.size
    if address.size is not None and total != address.size:
        raise PullFailed(f"{address.url} has {total} bytes instead of {address.size}")
    ensure_room(part.parent, (total or 0) - have, fetching.entry.name)
    with part.open("ab" if have else "wb") as file:
        for block in answer.iter_raw(_BLOCK):
            have += len(block)
            if total is not None and have > total:
                raise PullFailed(f"{address.url} sends more than {total} bytes")
            file.write(block)
            fetching.report(Progress(address.source, have, total))
    sync(part)
    if total is not None and have < total:
        raise _BrokeOff(f"{address.url} broke off after {have} of {total} bytes")
