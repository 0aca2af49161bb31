"""HTTP by hand, for requests that no decent client would send."""

import json
import re
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0: nothing did."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        found = re.search(rf"^{name}: *(.*?)\r?$", self.head, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else None

    @property
    def error(self) -> dict:
        return json.loads(self.body)["error"]


class Line:
    """One connection."""

    def __init__(self, port: int, seconds: float = 60.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), seconds)
        self._left = b""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def read(self) -> Answer:
        """The next answer. One without a length ends with the connection or its last chunk."""
        while b"\r\n\r\n" not in self._left:
            if not self._more():
                return Answer(0, "", self._left)
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        answer = Answer(int(head.split()[1]), head.decode("latin-1"), b"")
        if (length := answer.header("content-length")) is not None:
            return Answer(answer.status, answer.head, self._exactly(int(length)))
        if answer.header("transfer-encoding") == "chunked":
            return Answer(answer.status, answer.head, b"".join(self._chunks()))
        while self._more():
            pass
        body, self._left = self._left, b""
        return Answer(answer.status, answer.head, body)

    def closed(self, within: float) -> bool:
        """Whether the other side hangs up in time."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            with suppress(TimeoutError):
                if not self._more():
                    return True
        return False

    def _more(self) -> bool:
        try:
            got = self.socket.recv(65536)
        except ConnectionError:
            return False
        self._left += got
        return bool(got)

    def _exactly(self, size: int) -> bytes:
        while len(self._left) < size and self._more():
            pass
        body, self._left = self._left[:size], self._left[size:]
        return body

    def _chunks(self) -> Iterable[bytes]:
        while True:
            while b"\r\n" not in self._left:
                if not self._more():
                    return
            size, _, self._left = self._left.partition(b"\r\n")
            yield self._exactly(int(size, 16))
            self._exactly(2)
            if int(size, 16) == 0:
                return


def request(
    method: str = "GET", path: str = "/v1/models", body: bytes = b"", drop: Iterable[str] = (), **headers: str
) -> bytes:
    """A request as it should be, with some headers changed, added or dropped. `_` in a name stands for `-`."""
    usual = {"host": "127.0.0.1"}
    if body or method == "POST":
        usual |= {"content-type": "application/json", "content-length": str(len(body))}
    wanted = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in wanted.items() if name not in drop]
    return f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body


def ask(port: int, raw: bytes) -> Answer:
    """One request on a connection of its own."""
    with Line(port) as line:
        with suppress(ConnectionError):  # it may have heard enough
            line.send(raw)
        return line.read()


def chat(content: str = "Say hello.", **wishes: object) -> bytes:
    """The body of a chat completion."""
    return json.dumps({"messages": [{"role": "user", "content": content}], "max_tokens": 4, **wishes}).encode()
