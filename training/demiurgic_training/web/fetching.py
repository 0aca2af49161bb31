"""Fetches from one site: one thing at a time, never faster than was agreed, never more or longer than the limits.

Nothing is tried twice here, and no redirection is followed: whoever asks decides what an answer means.
"""

import asyncio
import codecs
import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import httpx2

from demiurgic.chat.patience import pause_asked
from demiurgic.errors import WorkError
from demiurgic.tools.reaching import addresses_of, request_to

TEXTS = ("text/html", "application/xhtml+xml", "text/plain")
_CODINGS = ("", "identity", "gzip", "deflate")
_CONNECT_SECONDS = 10.0
_TWO_BYTES = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may take."""

    bytes: int = 4 << 20
    seconds: float = 30.0
    """From the first look for its host to its last byte."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. The body is read of texts only, and only where all is well."""

    status: int
    kind: str
    charset: str | None
    body: bytes = b""
    whole: bool = True
    """False: it is larger than the limit, and `body` its beginning."""
    location: str = ""
    robots: str = ""
    """What the answer's head says to robots."""
    pause: float = 0.0
    """Seconds after which to come back."""

    @property
    def readable(self) -> bool:
        """Whether it can be read, by what its sender and its first bytes say."""
        wide = self.body.startswith(_TWO_BYTES) or (self.charset or "").lower().startswith("utf-16")
        return self.kind in TEXTS and (wide or b"\0" not in self.body[:1024])


class Unreached(WorkError):
    """No answer came, or not all of it."""


class Fetcher:
    """Holds the connections to a site; use it `with`."""

    def __init__(self, agent: str, limits: Limits, *, local: bool) -> None:
        """`agent` is who we say we are; `local` allows this machine and its network."""
        self._limits, self._local = limits, local
        self._headers = {"User-Agent": agent, "Accept": "text/html, text/*;q=0.9", "Accept-Encoding": "gzip, deflate"}
        self._runner = asyncio.Runner()
        waits = httpx2.Timeout(limits.seconds, connect=min(_CONNECT_SECONDS, limits.seconds))
        self._client = httpx2.AsyncClient(timeout=waits, follow_redirects=False, trust_env=False)
        self._next = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def get(self, url: str, delay: float) -> Answer:
        """The answer for a page, `delay` seconds after the one before it came. Raises Unreached, and PrivateAddress
        before anything is sent there."""
        time.sleep(max(self._next - time.monotonic(), 0.0))
        try:
            return self._runner.run(self._answer(url))
        finally:
            self._next = time.monotonic() + delay

    async def _answer(self, url: str) -> Answer:
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._ask(url)
        except TimeoutError as error:
            raise Unreached(f"no whole answer within {self._limits.seconds:g} s") from error
        except (httpx2.HTTPError, OSError) as error:
            raise Unreached(str(error) or type(error).__name__) from error

    async def _ask(self, url: str) -> Answer:
        problem: Exception = OSError("the host has no address")
        for address in await asyncio.to_thread(addresses_of, url, local=self._local):
            try:
                reply = await self._client.send(request_to(self._client, url, address, self._headers), stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                problem = error
                continue
            try:
                return await self._read(reply)
            finally:
                await reply.aclose()
        raise problem

    async def _read(self, reply: httpx2.Response) -> Answer:
        head = reply.headers
        answer = Answer(
            status=reply.status_code,
            kind=head.get("content-type", "text/html").partition(";")[0].strip().lower(),
            charset=reply.charset_encoding,
            location=head.get("location", "") if reply.has_redirect_location else "",
            robots=", ".join(head.get_list("x-robots-tag")),
            pause=pause_asked(head, time.time()),
        )
        if answer.status != 200 or not answer.readable:
            return answer
        if (coding := head.get("content-encoding", "").strip().lower()) not in _CODINGS:
            return replace(answer, kind=f"{answer.kind} as {coding}")
        body = bytearray()
        async for piece in reply.aiter_bytes():
            body += piece
            if len(body) > self._limits.bytes:
                break
        return replace(answer, body=bytes(body[: self._limits.bytes]), whole=len(body) <= self._limits.bytes)
