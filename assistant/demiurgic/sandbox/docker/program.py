"""A program that stays, in a container of its own."""

import threading
from collections.abc import Callable, Sequence

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker import supervisor
from demiurgic.sandbox.docker.container import Container, ContainerEnded, Order
from demiurgic.sandbox.spawn import Channel

REPLIES = 3
"""The descriptor on which such a program answers."""
_DRAIN = 16
"""Frames that are taken at once at most."""
_CHANNELS = {
    supervisor.STDOUT: Channel.STDOUT,
    supervisor.STDERR: Channel.STDERR,
    supervisor.REPLIES: Channel.REPLIES,
}


class ContainedProgram:
    """Satisfies `Spawned`."""

    def __init__(self, container: Container, order: Order, drop: Callable[[Container], None]) -> None:
        self._container, self._drop = container, drop
        self._lock = threading.Lock()
        self._ended = self._dropped = False
        container.order(supervisor.RUN, order.encoded())

    @property
    def ended(self) -> bool:
        return self._ended

    def send(self, data: bytes) -> None:
        if self._ended:
            raise SandboxError("a program in the sandbox has ended")
        self._container.order(supervisor.STDIN, data)

    def receive(self, timeout: float) -> Sequence[tuple[Channel, bytes]]:
        came: list[tuple[Channel, bytes]] = []
        with self._lock:
            while not self._ended and len(came) < _DRAIN and (frame := self._next(0 if came else timeout)):
                came.append(frame)
        return came

    def end(self) -> None:
        # The container goes first: whoever waits for output is told, and lets go of the stream.
        self._container.kill()
        with self._lock:
            self._ended = True
            if not self._dropped:
                self._dropped = True
                self._drop(self._container)

    def _next(self, timeout: float) -> tuple[Channel, bytes] | None:
        try:
            frame = self._container.receive(timeout)
        except ContainerEnded:
            self._ended = True
            return None
        if frame is None:
            return None
        if frame[0] == supervisor.DONE:
            self._ended = True
            return None
        return _CHANNELS[frame[0]], frame[1]
