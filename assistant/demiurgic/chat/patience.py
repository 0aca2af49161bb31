"""How long a provider may make us wait, built from what both SDKs share: the HTTP client below them.

The SDKs try again by themselves, and obey a server that asks for a pause of any length. Here a pause longer than
LONGEST_PAUSE ends the tries, so that the user reads why instead of waiting in the dark. Who pays for tries counts them.
"""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from demiurgic.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    import httpx2

RETRIES = 2
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 600.0
"""How long no byte may come; a local server reads long prompts slowly."""
LONGEST_PAUSE = 30.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_AFTER_WORK = frozenset({408, 502, 504})
"""Statuses by which somebody in between says that no answer came: the model may have written one all the same."""


@dataclass(slots=True)
class Tries:
    """How often a request was sent, and how often the answer was that nothing will be done for it."""

    sent: int = 0
    turned_away: int = 0

    @property
    def lost(self) -> int:
        """Those that may have been worked on, and paid for, although no answer came; none of them brought one."""
        return self.sent - self.turned_away


_TRIES: ContextVar[Tries | None] = ContextVar("tries", default=None)


@contextmanager
def counted() -> Generator[Tries]:
    """Count the requests that are sent from here, with those that an SDK sends again by itself."""
    tries = Tries()
    before = _TRIES.set(tries)
    try:
        yield tries
    finally:
        _TRIES.reset(before)


class SdkClients(Protocol):
    """The module of an SDK, as far as its HTTP clients go."""

    @property
    def DefaultAsyncHttpxClient(self) -> "Callable[..., httpx2.AsyncClient]": ...
    @property
    def DefaultAioHttpClient(self) -> "Callable[..., httpx2.AsyncClient]": ...


def http_client(sdk: SdkClients, base_url: str, *, many: bool = False) -> "httpx2.AsyncClient":
    """A client with bounded pauses. Proxies of the environment are not asked for a server on this machine.

    `many`: for hundreds of requests a second. They take half the computing over aiohttp. Raises MissingExtra.
    """
    address = urlsplit(base_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(f"{base_url!r} is not the address of an API", "it looks like http://127.0.0.1:8080/v1")
    if address.username or address.password:
        raise ConfigError(f"the address of {address.hostname} holds a user name or password", "give a key instead")
    hooks = {"request": [_count], "response": [_bound_pause]}
    if many and find_spec("aiohttp") is None:
        raise MissingExtra("aiohttp", "data")
    make = sdk.DefaultAioHttpClient if many else sdk.DefaultAsyncHttpxClient
    return make(event_hooks=hooks, trust_env=address.hostname not in _LOOPBACK)


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


async def _count(request: "httpx2.Request") -> None:
    if tries := _TRIES.get():
        tries.sent += 1


async def _bound_pause(response: "httpx2.Response") -> None:
    tries = _TRIES.get()
    if tries and response.status_code >= 400 and response.status_code not in _AFTER_WORK:
        tries.turned_away += 1
    if pause_asked(response.headers, time.time()) > LONGEST_PAUSE:
        response.headers["x-should-retry"] = "false"
