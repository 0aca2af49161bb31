"""A plain web folder that holds the files under their names."""

import re

import httpx2

from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Arrived, Fetching, Progress, ensure_room
from demiurgic_models.files import sync

_BLOCK = 2**16
_GOES_ON, _NOTHING_LEFT = 206, 416
_TIMEOUT = httpx2.Timeout(30, connect=10)


def fetch_mirror(fetching: Fetching) -> Arrived:
    """Fetch the file, going on behind what is there already."""
    url = f"{(fetching.options.mirror or '').rstrip('/')}/{fetching.entry.file}"
    try:
        with httpx2.Client(follow_redirects=True, timeout=_TIMEOUT) as client:
            _fetch(client, url, fetching)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise PullFailed(f"{url}: {error or type(error).__name__}") from error
    return Arrived(fetching.part)


def _fetch(client: httpx2.Client, url: str, fetching: Fetching) -> None:
    part = fetching.part
    have = part.stat().st_size if part.exists() else 0
    if have and have == fetching.entry.bytes:
        return  # the checksum decides
    ensure_room(part.parent, (fetching.entry.bytes or 0) - have, fetching.entry.name)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as answer:
        if have and answer.status_code == _NOTHING_LEFT:
            return
        if not answer.is_success:
            raise PullFailed(f"{url} answered {answer.status_code}")
        _receive(answer, url, have if _goes_on(answer, have) else 0, fetching)


def _goes_on(answer: httpx2.Response, have: int) -> bool:
    begins = re.match(rf"bytes {have}-", answer.headers.get("content-range", ""))
    return answer.status_code == _GOES_ON and begins is not None


def _receive(answer: httpx2.Response, url: str, have: int, fetching: Fetching) -> None:
    part, entry = fetching.part, fetching.entry
    length = answer.headers.get("content-length", "")
    total = have + int(length) if length.isdecimal() else entry.bytes
    if entry.bytes is not None and total != entry.bytes:
        raise PullFailed(f"{url} has {total} bytes instead of {entry.bytes}")
    ensure_room(part.parent, (total or 0) - have, entry.name)
    with part.open("ab" if have else "wb") as file:
        for block in answer.iter_raw(_BLOCK):
            have += len(block)
            if total is not None and have > total:
                raise PullFailed(f"{url} sends more than {total} bytes")
            file.write(block)
            fetching.report(Progress("mirror", have, total))
    sync(part)
    if total is not None and have < total:
        raise PullFailed(f"{url} broke off after {have} of {total} bytes")
