"""How long a provider may make us wait, built from what both SDKs share: the HTTP client below them.

The SDKs try again by themselves, and obey a server that asks for a pause of any length. Here a pause longer than
LONGEST_PAUSE ends the tries, so that the user reads why instead of waiting in the dark.
"""

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from demiurgic.errors import ConfigError

if TYPE_CHECKING:
    import httpx2

RETRIES = 2
CONNECT_SECONDS = 10.0
LONGEST_PAUSE = 30.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def http_client(make: "Callable[..., httpx2.AsyncClient]", base_url: str) -> "httpx2.AsyncClient":
    """A client with bounded pauses. Proxies of the environment are not asked for a server on this machine."""
    address = urlsplit(base_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(f"{base_url!r} is not the address of an API", "it looks like http://127.0.0.1:8080/v1")
    if address.username or address.password:
        raise ConfigError(f"the address of {address.hostname} holds a user name or password", "give a key instead")
    return make(event_hooks={"response": [_bound_pause]}, trust_env=address.hostname not in _LOOPBACK)


def pause_asked(headers: Mapping[str, str], now: float) -> float:
    """Seconds that the server wants us to wait; 0 where it says nothing that can be understood."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return float(milliseconds) / 1000
        return float(headers.get("retry-after") or 0)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(headers["retry-after"]).timestamp() - now
    except (KeyError, ValueError):
        return 0.0


async def _bound_pause(response: "httpx2.Response") -> None:
    if pause_asked(response.headers, time.time()) > LONGEST_PAUSE:
        response.headers["x-should-retry"] = "false"
