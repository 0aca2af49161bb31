"""The tool that reads a page of the web. It exists for a model only where the user's settings allow it.

Addresses of this machine and of its own network are refused, whatever name leads to them: what listens there trusts
whoever can reach it. A redirection to another host is not followed but told, so that it is judged anew.
"""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2

from demiurgic.errors import PrivateAddress, ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.protocol import Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.reaching import Resolver, addresses_of, request_to, resolved
from demiurgic.tools.room import first_that_fit, shortened
from demiurgic.tools.schema import TEXT, WHOLE, arguments, told
from demiurgic.tools.textfile import lines_of
from demiurgic.tools.webtext import readable
from demiurgic.workspace.shown import visible_name

SPEC = Tool("fetch", "Read a web page.", arguments({"url": TEXT}, {"offset": told(WHOLE, "first line")}))
Reach: TypeAlias = Callable[[str], Sequence[str]]
"""The addresses at which a page may be asked for."""
_UNREACHED = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError)
"""The last where a page leads on to what is no address at all."""
_LARGEST = 4 << 20
_PATIENCE = 30.0
_MOST_HOPS = 5
_READABLE = ("text/", "application/json", "application/xml", "application/xhtml", "application/javascript")


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """Which page, from which line on."""

    url: str
    offset: int
    reach: Reach

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.FETCH, self.url),)

    @property
    def view(self) -> TextView:
        return TextView(f"fetch {visible_name(self.url)}")

    def run(self, around: Surroundings) -> Outcome:
        try:
            with httpx2.Client(timeout=10.0, follow_redirects=False, trust_env=False) as client:
                text = self._page(client, around)
        except PrivateAddress as error:
            raise ToolFailed(error.message, "such addresses are not fetched") from error
        except _UNREACHED as error:
            raise ToolFailed(f"{self.url} cannot be fetched: {error}") from error
        lines = [shortened(line) for line in lines_of(text)][self.offset - 1 :]
        shown = first_that_fit(lines, around.budget)
        more = [f"[{len(lines) - shown} more lines; read on with offset={self.offset + shown}]"] * (shown < len(lines))
        return Outcome("\n".join((*lines[:shown], *more)) or "[the page is empty]")

    def _page(self, client: httpx2.Client, around: Surroundings) -> str:
        url = self.url
        for _ in range(_MOST_HOPS):
            with _asked(client, url, self.reach(url)) as reply:
                if not reply.has_redirect_location:
                    return _text_of(reply, url, around)
                url = urljoin(url, reply.headers["location"])
            if urlsplit(url).netloc != urlsplit(self.url).netloc:
                raise ToolFailed(f"the page has moved to {url}", "fetch that, if it is what you want")
        raise ToolFailed(f"{self.url} is redirected again and again")


class FetchTool:
    """Reads web pages."""

    spec = SPEC

    def __init__(self, *, local: bool = False, resolver: Resolver = resolved) -> None:
        """`local`: addresses of this machine and its network are allowed too."""
        self._reach = partial(addresses_of, local=local, resolver=resolver)

    def plan(self, arguments: JsonObject, around: Surroundings) -> FetchPlan:
        url = str(arguments["url"]).strip()
        parts = _parts(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ToolFailed(f"{url} is not an address of the web", "it begins with https://")
        if parts.username or parts.password:
            raise ToolFailed("an address with a password in it is not fetched")
        return FetchPlan(url, max(arguments.get("offset") or 1, 1), self._reach)


@contextmanager
def _asked(client: httpx2.Client, url: str, addresses: Sequence[str]) -> Generator[httpx2.Response]:
    """The answer of one of the host's addresses."""
    error: Exception = OSError("the host has no address")
    headers = {"Accept": "text/html, text/*;q=0.9"}
    for address in addresses:
        try:
            reply = client.send(request_to(client, url, address, headers), stream=True)
        except httpx2.ConnectError as failed:
            error = failed
            continue
        with closing(reply):
            yield reply
        return
    raise error


def _parts(url: str) -> SplitResult | None:
    """None for what cannot be taken apart."""
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def _text_of(reply: httpx2.Response, url: str, around: Surroundings) -> str:
    if reply.status_code >= 400:
        raise ToolFailed(f"{url} answers {reply.status_code} {reply.reason_phrase}")
    kind = reply.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if not kind.startswith(_READABLE):
        raise ToolFailed(f"{url} is {kind}, which is no text")
    data = _body(reply, around)
    text = data.decode(reply.encoding or "utf-8", "replace")
    return readable(text, url) if kind in ("text/html", "application/xhtml+xml") else text


def _body(reply: httpx2.Response, around: Surroundings) -> bytes:
    deadline = time.monotonic() + _PATIENCE
    data = b""
    for piece in reply.iter_bytes():
        data += piece
        if around.cancel.is_set():
            raise ToolFailed("stopped by the user")
        if len(data) > _LARGEST or time.monotonic() > deadline:
            break  # what came is shown
    return data[:_LARGEST]
