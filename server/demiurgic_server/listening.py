"""The sockets: uvicorn, made to end streams properly and to wait for nobody for ever."""

import asyncio
import signal
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from demiurgic.errors import UserError
from demiurgic_server.house import House
from demiurgic_server.serving import Limits

_FAREWELL_SECONDS = 2.0
"""Streams that were told to end have written their last event by then."""
_KEEP_ALIVE_SECONDS = 65
"""Longer than clients keep a connection that they do not use: who closes first must not be who is written to."""
_MOST_HEADER_BYTES = 32768
_BACKLOG = 2048


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on those who do not finish what they begin, or do not read what they asked for."""

    limits = Limits()
    _reading: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writing = self.loop.call_later(self.limits.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._writing = _cancelled(self._writing)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading, self._writing = _cancelled(self._reading), _cancelled(self._writing)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:  # the answer has begun or was given: there is no room for another
            self.transport.close()

    def _watch(self) -> None:
        """Set the clock for headers, and for a body whose request is answered already. Guard has one for the others."""
        if self.conn.their_state is not h11.IDLE and self.conn.our_state is not h11.DONE:
            self._reading = _cancelled(self._reading)
        elif self._reading is None:
            self._reading = self.loop.call_later(self.limits.header_seconds, self.transport.abort)


def _patient(given: Limits) -> type[PatientProtocol]:
    class Patient(PatientProtocol):
        limits = given

    return Patient


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


class Server(uvicorn.Server):
    """Ends with exit code 0 when it is asked to, after what runs has ended: by itself, or when its grace is over."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        serving = house.serving
        super().__init__(
            uvicorn.Config(
                app,
                http=_patient(serving.limits),
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
                ssl_certfile=serving.certificate,
                ssl_keyfile=serving.private_key,
                timeout_graceful_shutdown=None,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                backlog=_BACKLOG,
            )
        )
        self._house = house
        try:
            self.config.load()
        except (ssl.SSLError, OSError) as error:
            raise UserError(
                f"{serving.certificate} and {serving.private_key} are no certificate and its key"
            ) from error

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
        self._loop.call_soon_threadsafe(self._loop.call_later, grace, self._end_all)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until asked to end."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, and then the agents that nobody listens to."""
        await super().shutdown(sockets)
        await self._house.runs.close(self._house.serving.limits.grace)

    def _end_all(self) -> None:
        self._house.stopping.set()
        self._loop.call_later(_FAREWELL_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        self.force_exit = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()


async def serve(server: Server, house: House, listening: socket.socket) -> None:
    """Answer requests on a socket until a signal ends it. The first model is loaded meanwhile; raises what that raises,
    and then nothing is served any more."""

    async def load() -> None:
        try:
            await house.pool.start()
            house.ready = True
        finally:
            if not house.ready:
                server.should_exit = True
                house.stopping.set()  # nobody who waits for the model shall try it again

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
    """The socket that it listens on; who connects waits until it is served. Raises UserError where none can be had."""
    serving = house.serving
    try:
        found = socket.getaddrinfo(serving.host, serving.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise UserError(f"{serving.host}:{serving.port} cannot be listened on: {error.strerror}", "--port N") from error
    return listening
