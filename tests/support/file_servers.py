"""Real HTTP servers that hand out one model file: a plain folder and a small copy of the hub's ways."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.local_servers import Handler, LocalServer


@dataclass
class Shelf:
    """What the server hands out, and what was asked of it."""

    name: str
    content: bytes
    break_after: int | None = None
    """Drop the connection after so many bytes, once."""
    dies: bool = False
    """Answer nothing any more once the connection was dropped."""
    etag: str | None = None
    """What the hub says is the file's sha256; none: what it is."""
    ranges: bool = True
    """Whether a part of the file can be asked for."""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    sent: int = 0
    dead: bool = False


@contextmanager
def serving(shelf: Shelf) -> Iterator[str]:
    class Files(Handler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            shelf.asked.append((self.command, self.path, self.headers.get("Range")))
            shelf.keys.append(self.headers.get("Authorization"))
            if shelf.dead:
                self._send(503, b"", {}, body=body)
                return
            if self.path.startswith("/api/"):
                self._send(200, json.dumps({"id": "a/b", "sha": "c" * 40, "siblings": []}).encode(), {}, body=body)
                return
            if not self.path.endswith(shelf.name):
                self._send(404, b"no such file", {}, body=body)
                return
            found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "") if shelf.ranges else None
            start = int(found[1]) if found else 0
            end = int(found[2]) + 1 if found and found[2] else len(shelf.content)
            headers = {
                "ETag": f'"{shelf.etag or hashlib.sha256(shelf.content).hexdigest()}"',
                "X-Repo-Commit": "c" * 40,
                "X-Linked-Size": str(len(shelf.content)),
                "Accept-Ranges": "bytes",
            }
            if found:
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(shelf.content)}"
            self._send(206 if found else 200, shelf.content[start:end], headers, body=body)

        def _send(self, status: int, content: bytes, headers: dict[str, str], *, body: bool) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if not body:
                return
            if shelf.break_after is not None and len(content) > shelf.break_after:
                content, shelf.break_after = content[: shelf.break_after], None
                self.close_connection, shelf.dead = True, shelf.dies
            self.wfile.write(content)
            shelf.sent += len(content)

    with LocalServer(Files) as server:
        yield server.url
