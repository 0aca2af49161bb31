"""The access log: one line of JSON for each answer, and its place in the figures.

Neither ever holds what was asked or answered.
"""

import json
import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demiurgic_server.meter import Meter

_log = logging.getLogger("demiurgic.access")
_NOBODY_THERE = 499


class AccessLog:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app, self._meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it, and tell how that ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), _NOBODY_THERE

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._told(scope, status, time.monotonic() - began)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        route: str | None = getattr(scope.get("route"), "path", None)
        self._meter.answered(scope["method"], route or "other", status)
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "client": scope.get("client_name") or (scope.get("client") or ("",))[0],
            "method": scope["method"][:20],
            "path": route or scope["path"][:200],
            "status": status,
            "ms": round(1e3 * seconds),
        }
        _log.info(json.dumps(line))
