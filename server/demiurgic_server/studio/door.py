"""Who may enter: whoever has the address that was printed in the terminal, and then their browser.

The token of the address becomes a cookie, which stands for the server's key from then on: `Guard`, behind this, checks
key, host and origin as it does for every client. A page of another port of this machine is "same site" to a browser,
which sends it cookies of ours; what browsers say of a request's origin keeps it out.
"""

import hmac
import os
import secrets
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_CAREFUL = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_LOCKED = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Demiurgic Studio</title>
<h1>This page needs its key</h1><p>Open the address that <code>demiurgic studio</code> printed in the terminal;
it ends in <code>?token=…</code>.</p></html>"""


def token_in(folder: Path) -> str:
    """The token of this user's studio, made once and readable by nobody else: pages stay open through a restart."""
    file = folder / "token"
    with suppress(FileExistsError), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(secrets.token_urlsafe(32))
    return file.read_text("ascii")


class Doorkeeper:
    """An ASGI application around another, which wants the token as its key."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._cookie = f"demiurgic-studio-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the browser's cookie stand for the key."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._answer(scope)
        if answer is not None:
            await answer(scope, receive, _careful(send))
            return
        headers = MutableHeaders(scope=scope)
        if "authorization" not in headers and self._right(self._carried(headers)):
            headers["authorization"] = f"Bearer {self._token}"
        await self._app(scope, receive, _careful(send))

    def _answer(self, scope: Scope) -> Response | None:
        """What is said here already: to strangers, and to those who bring the token."""
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and scope["path"] != "/":
            return HTMLResponse("Pages of others may not call this one.", 403)
        if scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if self._right(given):
            known = RedirectResponse("/", 303)
            known.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return known
        key = headers.get("authorization", "").removeprefix("Bearer ")
        return None if self._right(self._carried(headers)) or self._right(key) else HTMLResponse(_LOCKED, 401)

    def _carried(self, headers: Headers) -> str:
        cookies: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            cookies.load(headers.get("cookie", ""))
        return cookies[self._cookie].value if self._cookie in cookies else ""

    def _right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())


def _careful(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _CAREFUL.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
