"""Real HTTP servers that hand out model files: a plain folder, and a small copy of the hub's ways."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.local_servers import Handler, LocalServer

_COMMIT = "c" * 40


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

    def told(self, _path: str) -> object:
        """What is said of a repository; None where there is none."""
        return {"id": "a/b", "sha": _COMMIT, "siblings": []}

    def file(self, path: str) -> bytes | None:
        """What lies there."""
        return self.content if path.endswith(self.name) else None


class Hub(Shelf):
    """One repository with all files of a folder."""

    def __init__(self, name: str, folder: Path, **changes) -> None:
        super().__init__(name, b"", **changes)
        self.folder = folder

    def told(self, path: str) -> object:
        plain, _, _ = path.partition("?")
        if plain == f"/api/models/{self.name}/tree/{_COMMIT}":
            return [
                {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": _digest(file.read_bytes())}
                for file in sorted(self.folder.iterdir())
            ]
        if plain in (f"/api/models/{self.name}", f"/api/models/{self.name}/revision/main"):
            return {"id": self.name, "sha": _COMMIT, "siblings": []}
        return None

    def file(self, path: str) -> bytes | None:
        place = self.folder / path.rpartition("/")[2]
        return place.read_bytes() if path.startswith(f"/{self.name}/resolve/") and place.is_file() else None

    def fetched(self) -> list[str]:
        """Names of the files whose bytes were asked for, in their order."""
        return [path.rpartition("/")[2] for method, path, _ in self.asked if method == "GET" and "/resolve/" in path]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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
            if self.path.startswith("/api/") and (told := shelf.told(self.path)) is not None:
                self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"}, body=body)
                return
            content = shelf.file(self.path)
            if content is None:
                said = {"X-Error-Code": "RepoNotFound"} if self.path.startswith("/api/") else {}
                self._send(404, b"no such file", said, body=body)
                return
            found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "") if shelf.ranges else None
            start = int(found[1]) if found else 0
            end = int(found[2]) + 1 if found and found[2] else len(content)
            headers = {
                "ETag": f'"{shelf.etag or _digest(content)}"',
                "X-Repo-Commit": _COMMIT,
                "X-Linked-Size": str(len(content)),
                "Accept-Ranges": "bytes",
            }
            if found:
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
            self._send(206 if found else 200, content[start:end], headers, body=body)

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
