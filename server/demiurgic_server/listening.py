"""The sockets: uvicorn, made to end streams properly and not to wait for ever for a client's headers."""

import asyncio
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from demiurgic.errors import UserError
from demiurgic_server.house import House

_HEADER_SECONDS = 10.0
_MOST_HEADER_BYTES = 32768


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on those who do not finish their headers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._hurry = self.loop.call_later(_HEADER_SECONDS, self._hang_up)

    def handle_events(self) -> None:
        super().handle_events()
        if getattr(self, "cycle", None) is not None:  # its annotation leaves out that there is none at first
            self._hurry.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hurry.cancel()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if getattr(self, "cycle", None) is None:
            self.transport.close()


class Server(uvicorn.Server):
    """Ends with exit code 0 when it is asked to, after what runs has ended: by itself, or when its grace is over."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        serving = house.serving
        super().__init__(
            uvicorn.Config(
                app,
                host=serving.host,
                port=serving.port,
                http=PatientProtocol,
                ws="none",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
                ssl_certfile=serving.certificate,
                ssl_keyfile=serving.private_key,
                timeout_graceful_shutdown=None,
            )
        )
        self._house = house

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take SIGTERM and SIGINT for a wish to end, and do not send them once more after it, as uvicorn's own does."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take no more requests. What runs has its grace, and none after a second signal."""
        grace = 0.0 if self.should_exit else self._house.serving.limits.grace
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._loop.call_later, grace, self._house.stopping.set)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until asked to end."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)


async def serve(app: ASGIApp, house: House, listening: socket.socket) -> None:
    """Answer requests on a socket until a signal ends it. The first model is loaded meanwhile; raises what that raises,
    and then nothing is served any more."""
    server = Server(app, house)

    async def load() -> None:
        try:
            await house.pool.start()
            house.ready = True
        finally:
            server.should_exit |= not house.ready

    loading = asyncio.create_task(load())
    try:
        await server.serve([listening])
    finally:
        house.ready = False
        loading.cancel()
        await asyncio.wait((loading,))
        await house.pool.close()
    if not loading.cancelled() and (error := loading.exception()) is not None:
        raise error


def bound(house: House) -> socket.socket:
    """The socket that it listens on. Raises UserError where that cannot be had."""
    serving = house.serving
    try:
        found = socket.getaddrinfo(serving.host, serving.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise UserError(f"{serving.host}:{serving.port} cannot be listened on: {error.strerror}", "--port N") from error
    return listening
