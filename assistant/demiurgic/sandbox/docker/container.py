"""One running container and the orders that its first process takes.

A container runs one program at a time. It ends when its stream is closed, and with this process, however that ends.
"""

import base64
import json
import select
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker import supervisor
from demiurgic.sandbox.docker.engine import Engine, Shape, Stream

START_SECONDS = 60.0
ANSWER_SECONDS = 10.0
"""How much longer than a program's own time its container may be silent before it is taken for broken."""
_TICK = 0.05
_SOURCE = Path(supervisor.__file__).read_text(encoding="utf-8")
_LONGEST_FRAME = 1 << 20


@dataclass(frozen=True, slots=True)
class Order:
    """A program as the first process starts it."""

    argv: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    wall: float
    output: int
    rlimits: Mapping[str, tuple[int, int]]
    stdin: bytes = b""
    stays: bool = False
    """Whether its standard input stays open and what it writes to descriptor 3 is told apart."""

    def encoded(self) -> bytes:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields | {"stdin": base64.b64encode(self.stdin).decode()}).encode()


@dataclass(frozen=True, slots=True)
class Ending:
    """What the first process says of a program that ended."""

    status: int
    """As the kernel gives it."""
    failure: int
    """Not 0: the program could not be started, and why."""
    reason: str
    wall: float
    cpu: float
    peak: int
    memory: bool
    """Whether the kernel ended a process because the memory was full."""
    clean: bool
    """Whether nothing of it is left, so that the container can be used again."""


class ContainerEnded(Exception):
    """The container ended under a program, and every process with it."""

    def __init__(self, for_memory: bool, complaints: str) -> None:
        self.for_memory, self.complaints = for_memory, complaints
        super().__init__(complaints)


class StaleContainer(Exception):
    """The container does not show the files any more that it was made to show. Nothing was run."""


class Container:
    """Constructing it starts it, which takes a third of a second."""

    def __init__(self, engine: Engine, shape: Shape, labels: Mapping[str, str]) -> None:
        self.shape = shape
        self._engine = engine
        self._buffer = bytearray()
        self._writing = threading.Lock()
        self._stream: Stream | None = None
        self._id = engine.create(shape, ["python3", "-I", "-S", "-c", _SOURCE], labels)
        try:
            self._stream = engine.attach(self._id)
            engine.start(self._id)
            kind, _ = self.receive(START_SECONDS) or (b"", b"")
        except ContainerEnded as ended:
            self.remove()
            raise SandboxError(f"the container did not start: {ended.complaints or 'it ended at once'}") from ended
        except BaseException:
            self.remove()
            raise
        if kind != supervisor.READY:
            self.remove()
            raise SandboxError(f"the container was not ready within {START_SECONDS:.0f} s")

    def order(self, kind: bytes, payload: bytes = b"") -> None:
        with self._writing:
            self._open().write(supervisor.HEADER.pack(kind, len(payload)) + payload)

    def receive(self, seconds: float) -> tuple[bytes, bytes] | None:
        """The next frame, or None if none came in time. Raises ContainerEnded."""
        deadline = time.monotonic() + seconds
        while (frame := self._frame()) is None:
            left = max(0.0, deadline - time.monotonic())
            stream = self._open()
            if not select.select([stream], [], [], left)[0]:
                return None
            data = stream.read()
            if data is None:
                complaints = stream.complaints.decode(errors="replace")
                raise ContainerEnded(self._engine.ended_for_memory(self._id), complaints)
            self._buffer += data
        return frame

    def run(self, order: Order, carry: Callable[[bytes, bytes], None], stopped: Callable[[], bool]) -> Ending:
        """Run a program to its end. `carry` gets what it writes; it is killed as soon as `stopped` says so."""
        self.order(supervisor.RUN, order.encoded())
        deadline = time.monotonic() + order.wall + ANSWER_SECONDS
        told = False
        while True:
            frame = self.receive(_TICK)
            if frame and frame[0] == supervisor.DONE:
                return ending(frame[1])
            if frame:
                carry(*frame)
            if not told and stopped():
                self.order(supervisor.KILL)
                told, deadline = True, time.monotonic() + ANSWER_SECONDS
            if time.monotonic() > deadline:
                self.remove()
                raise SandboxError("the container did not answer and was ended", "run it again")

    def idle(self) -> bool:
        """Whether it is still there and waits for orders."""
        try:
            return self.receive(0) is None
        except ContainerEnded:
            return False

    def kill(self) -> None:
        """End it and all that runs in it, and wait until it is gone. Whoever receives from it learns it as its end."""
        # An engine that cannot get rid of output waits with everything else.
        if self._stream is not None:
            self._stream.hang_up()
        self._engine.remove(self._id)

    def remove(self) -> None:
        """Kill it and let go of its stream."""
        self.kill()
        if self._stream is not None:
            self._stream.close()

    def _open(self) -> Stream:
        if self._stream is None:
            raise SandboxError("the container is not attached to")
        return self._stream

    def _frame(self) -> tuple[bytes, bytes] | None:
        if len(self._buffer) < supervisor.HEADER.size:
            return None
        kind, length = supervisor.HEADER.unpack_from(self._buffer)
        if length > _LONGEST_FRAME:
            raise SandboxError("the container's first process sent what is no frame")
        end = supervisor.HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[supervisor.HEADER.size : end])
        del self._buffer[:end]
        return kind, payload


def ending(payload: bytes) -> Ending:
    """What the first process said in the end."""
    told: dict[str, Any] = json.loads(payload)
    if told["reason"] == supervisor.STALE:
        raise StaleContainer
    return Ending(**told)
