"""What every request passes before an endpoint sees it: who may call, from where, how much, and how slowly.

Written against ASGI itself, since a stream must not be held up by anything on its way.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demiurgic_server.meter import Meter
from demiurgic_server.problems import Refused, problem_of
from demiurgic_server.serving import LOOPBACK, Serving
from demiurgic_server.shapes import error_response

_OPEN = frozenset(("/health", "/ready"))
"""Says nothing of anybody, and is asked by those who start and stop servers."""

_access = logging.getLogger("demiurgic.access")


class Guard:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, serving: Serving, meter: Meter) -> None:
        self._app, self._serving, self._meter = app, serving, meter
        self._hosts = LOOPBACK | {serving.host.lower(), *(name.lower() for name in serving.hosts)}
        self._keys = [_digest(key) for key in serving.keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it pass, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._guarded(scope, receive, sending)
        finally:
            self._told(scope, status, time.monotonic() - started)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(scope)
            body = await self._body(scope, receive)
        except Refused as error:
            await error_response(scope["path"], problem_of(error))(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replayed(body, receive), send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = _name(headers.get("host", ""))
        if host not in self._hosts:
            raise Refused(421, f"this server is not called {host!r}", "name it with --allow-host")
        origin = headers.get("origin")
        if origin is not None and origin not in self._serving.origins and not self._own(origin, headers):
            raise Refused(403, f"web pages of {origin} may not call this server", "allow them with --cors")
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            return  # asked by a browser, which sends no key with it
        if self._keys and scope["path"] not in _OPEN:
            scope["client_name"] = self._key(headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] in ("POST", "PUT", "PATCH") and kind != "application/json":
            # Pages of other origins may send forms and plain text without asking, and JSON only if they are allowed to.
            raise Refused(415, "the body must be application/json")

    def _own(self, origin: str, headers: Headers) -> bool:
        """Whether the page comes from this server itself."""
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()

    def _key(self, headers: Headers) -> str:
        """A name for the key that was sent. All are compared, so that the time says nothing of any."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        sent = _digest(token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", ""))
        if not any([hmac.compare_digest(sent, known) for known in self._keys]):  # noqa: C419 - not to stop at the first
            raise Refused(401, "the API key is missing or wrong", "send it as: Authorization: Bearer KEY")
        return sent.hex()[:12]

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """All of the request's body. None where the client hung up in it."""
        limits = self._serving.limits
        declared = Headers(scope=scope).get("content-length", "0")
        size = int(declared) if declared.isdecimal() else 0
        parts = bytearray()
        try:
            async with asyncio.timeout(limits.body_seconds):
                while size <= limits.body_bytes and len(parts) <= limits.body_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts += message.get("body", b"")
                    if not message.get("more_body", False):
                        break
        except TimeoutError as error:
            raise Refused(408, f"the request did not arrive within {limits.body_seconds:g} seconds") from error
        if max(size, len(parts)) > limits.body_bytes:
            raise Refused(413, f"the body is larger than {limits.body_bytes} bytes")
        return bytes(parts)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        """One line of the access log. It never holds what was asked or answered."""
        route = getattr(scope.get("route"), "path", "other")
        self._meter.answered(scope["method"], route, status)
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "client": scope.get("client_name") or (scope.get("client") or ("",))[0],
            "method": scope["method"],
            "path": route if route != "other" else scope["path"][:200],
            "status": status,
            "ms": round(1e3 * seconds),
        }
        _access.info(json.dumps(line))


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read already, and then what really comes."""
    waiting: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Message:
        for message in waiting:
            return message
        return await receive()

    return replay


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    name = host.rsplit("]", 1)[0][1:] if host.startswith("[") else host.partition(":")[0]
    return name.lower().rstrip(".")


def _digest(key: str) -> bytes:
    """All digests have the same length, as a comparison in constant time wants it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
