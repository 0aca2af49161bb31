"""A plain web folder that holds the files under their names."""

import httpx2

from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Fetching, Progress, sync

_BLOCK = 2**16
_GOES_ON, _NOTHING_LEFT = 206, 416
_TIMEOUT = httpx2.Timeout(30, connect=10)


def fetch_mirror(fetching: Fetching) -> None:
    """Fetch the file, going on behind what is there already."""
    url = f"{(fetching.options.mirror or '').rstrip('/')}/{fetching.entry.file}"
    try:
        with httpx2.Client(follow_redirects=True, timeout=_TIMEOUT) as client:
            _fetch(client, url, fetching)
    except httpx2.HTTPError as error:
        raise PullFailed(f"{url}: {error or type(error).__name__}") from error


def _fetch(client: httpx2.Client, url: str, fetching: Fetching) -> None:
    part = fetching.part
    have = part.stat().st_size if part.exists() else 0
    with client.stream("GET", url, headers={"Range": f"bytes={have}-"} if have else {}) as answer:
        if have and answer.status_code == _NOTHING_LEFT:
            return  # nothing is missing; the checksum decides
        if not answer.is_success:
            raise PullFailed(f"{url} answered {answer.status_code}")
        goes_on = answer.status_code == _GOES_ON
        have = have if goes_on else 0
        length = answer.headers.get("content-length")
        total = have + int(length) if length else fetching.entry.bytes
        with part.open("ab" if goes_on else "wb") as file:
            for block in answer.iter_bytes(_BLOCK):
                file.write(block)
                have += len(block)
                fetching.report(Progress("mirror", have, total))
        sync(part)
        if total is not None and have < total:
            raise PullFailed(f"{url} broke off after {have} of {total} bytes")
