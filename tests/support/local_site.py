"""A web site on a local socket that answers as it was told and remembers who asked for what, and when."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast
from urllib.parse import urlsplit

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    body: bytes = b""
    kind: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    dropped: bool = False
    """The connection breaks in the middle of the body."""
    endless: bool = False
    """The body is sent again and again, until whoever asked has had enough."""
    trickle: float = 0.0
    """Seconds between two bytes, from the first one of the head on."""


def moved(target: str) -> Reply:
    return Reply(status=302, headers={"Location": target})


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    agent: str
    at: float


class LocalSite:
    """Serves from `with` until its end. A page is a reply, or makes one for the how-manieth time it is asked for."""

    def __init__(self, pages: Mapping[str, Reply | Callable[[int], Reply]]) -> None:
        self.pages = dict(pages)
        self.asked: list[Asked] = []
        self.held: dict[str, threading.Event] = {}
        """Pages that are not answered before their event."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def counts(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(asked.path for asked in self.asked)

    def reply(self, path: str, agent: str) -> Reply:
        self.asked.append(Asked(path, agent, time.monotonic()))
        number = self.counts[path]
        if path in self.held:
            self.held[path].wait(20)
        page = self.pages.get(path, Reply(status=404))
        return page(number) if callable(page) else page

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for event in self.held.values():
            event.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    site: LocalSite
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has had enough."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        reply = cast("_Server", self.server).site.reply(target, self.headers.get("User-Agent", ""))
        head = {
            "Content-Type": reply.kind,
            "Content-Length": "" if reply.endless else str(len(reply.body)),
            **reply.headers,
        }
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in head.items() if value), "", ""]
        raw = "\r\n".join(lines).encode() + reply.body
        if reply.dropped:
            raw = raw[: len(raw) - len(reply.body) // 2]
            self.close_connection = True
        with suppress(ConnectionError):
            self._send(raw, reply.trickle)
            while reply.endless:
                self.wfile.write(reply.body)

    def _send(self, raw: bytes, trickle: float) -> None:
        if not trickle:
            self.wfile.write(raw)
            return
        for at in range(len(raw)):
            self.wfile.write(raw[at : at + 1])
            self.wfile.flush()
            time.sleep(trickle)
