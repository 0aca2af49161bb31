"""A web site on a local socket that answers as it was told and remembers who asked for what, and when."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from support.local_servers import Handler, LocalServer

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


class LocalSite(LocalServer):
    """A page is a reply, or makes one for the how-manieth time it is asked for."""

    def __init__(self, pages: Mapping[str, Reply | Callable[[int], Reply]]) -> None:
        super().__init__(_Handler)
        self.pages = dict(pages)
        self.asked: list[Asked] = []
        self.held: dict[str, threading.Event] = {}
        """Pages that are not answered before their event."""

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

    def __exit__(self, *_: object) -> None:
        for event in self.held.values():
            event.set()
        super().__exit__()


class _Handler(Handler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        reply = self.house.reply(target, self.headers.get("User-Agent", ""))
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
