"""What every request passes before an endpoint sees it: who may call, from where, how much, and how slowly.

Written against ASGI itself, since a stream must not be held up by anything on its way.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demiurgic_server.json_body import check_json
from demiurgic_server.problems import Refused, problem_of
from demiurgic_server.serving import LOOPBACK, Serving
from demiurgic_server.shapes import error_response

_OPEN = frozenset(("/health", "/ready"))
"""Says nothing of anybody, and is asked by those who start and stop servers."""

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\[\]:@/]+)(:\d*)?")


class Guard:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self._app, self._serving = app, serving
        self._hosts = {_name(host) for host in (*LOOPBACK, serving.host, *serving.hosts)} - {""}
        self._keys = [_digest(key.encode("utf-8", "surrogateescape")) for key in serving.keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it pass, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
            body = await self._body(scope, receive)
            if body and scope["method"] in ("POST", "PUT", "PATCH"):
                check_json(body)
        except Refused as error:
            response = error_response(scope["path"], problem_of(error))
            if _ambiguous(scope):
                response.headers["connection"] = "close"  # where the next request begins is anybody's guess
            await response(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replayed(body, receive), send)

    def _check(self, scope: Scope) -> None:
        if _ambiguous(scope):
            raise Refused(400, "a request is HTTP/1.0 or 1.1, and has one length: Content-Length or Transfer-Encoding")
        headers = Headers(scope=scope)
        host = _name(headers.get("host", ""))
        if host not in self._hosts and not _is_address(host):
            raise Refused(421, f"this server is not called {host!r}", "name it with --allow-host")
        origin = headers.get("origin")
        if origin is not None and origin not in self._serving.origins and not self._own(origin, headers):
            raise Refused(403, f"web pages of {origin} may not call this server", "allow them with --cors")
        if self._keys and scope["path"] not in _OPEN:
            scope["client_name"] = self._key(headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] in ("POST", "PUT", "PATCH") and _has_body(headers) and kind != "application/json":
            # Pages of other origins may send forms and plain text without asking, and JSON only if they are allowed to.
            raise Refused(415, "the body must be application/json")

    def _own(self, origin: str, headers: Headers) -> bool:
        """Whether the page comes from this server itself."""
        with suppress(ValueError):
            return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        return False

    def _key(self, headers: Headers) -> str:
        """A name for the key that was sent. All are compared, so that the time says nothing of any."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        sent = [_digest(headers.get("x-api-key", "").encode("latin-1"))]
        if scheme.lower() == "bearer":
            sent.append(_digest(token.strip().encode("latin-1")))
        matching = [
            number for number, known in enumerate(self._keys, 1) for key in sent if hmac.compare_digest(key, known)
        ]
        if not matching:
            raise Refused(401, "the API key is missing or wrong", "send it as: Authorization: Bearer KEY")
        return f"key {matching[0]}"

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """All of the request's body. None where the client hung up in it."""
        limits = self._serving.limits
        declared = Headers(scope=scope).get("content-length", "0")
        if int(declared) > limits.body_bytes:
            raise Refused(413, f"the body is larger than {limits.body_bytes} bytes")
        parts = bytearray()
        try:
            async with asyncio.timeout(limits.body_seconds):
                while len(parts) <= limits.body_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts += message.get("body", b"")
                    if not message.get("more_body", False):
                        return bytes(parts)
        except TimeoutError as error:
            raise Refused(408, f"the request did not arrive within {limits.body_seconds:g} seconds") from error
        raise Refused(413, f"the body is larger than {limits.body_bytes} bytes")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read already, and then what really comes."""
    waiting: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Message:
        for message in waiting:
            return message
        return await receive()

    return replay


def _ambiguous(scope: Scope) -> bool:
    """Whether somebody on the way here may have read another request than we do."""
    headers = Headers(scope=scope)
    lengths = "content-length" in headers and "transfer-encoding" in headers
    return lengths or scope["http_version"] not in ("1.0", "1.1")


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _name(host: str) -> str:
    """The name in a Host header, without the port; empty where that is none."""
    found = _HOST.fullmatch(host) or _HOST.fullmatch(f"[{host}]")
    return found["name"].strip("[]").lower().rstrip(".") if found else ""


def _is_address(host: str) -> bool:
    """Whether it is an address, and no name: nobody else can make one lead here."""
    with suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def _digest(key: bytes) -> bytes:
    """All digests have the same length, as a comparison in constant time wants it."""
    return hashlib.sha256(key).digest()
