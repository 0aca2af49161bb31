"""What fakes that speak HTTP have in common: a port of this machine, a thread, and an end."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class LocalServer:
    """Serves from `with` until its end."""

    def __init__(self, handler: type["Handler"]) -> None:
        self._server = _Server(self, handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def broke_off(self) -> None:
        """A client went away while it was written to."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests. `house` is the server."""

    protocol_version = "HTTP/1.1"

    @property
    def house(self) -> Any:
        return self.server.house

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, house: LocalServer, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.house = house

    def handle_error(self, request: object, client_address: object) -> None:
        if isinstance(sys.exception(), ConnectionError):
            self.house.broke_off()
        else:
            super().handle_error(request, client_address)
