"""The process in which an engine runs: `python -m demiurgic.engine.worker`, started by `EngineProcess`.

It reads calls from its standard input and writes their outcomes to its standard output, and ends when the input
ends, so that it never outlives the program it works for. Ctrl-C is the front end's business.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from demiurgic.engine.frames import Frames
from demiurgic.engine.orders import CALLABLE, Call, Cancel, Happened, Outcome, Start
from demiurgic.engine.protocol import Engine, Generation, Request
from demiurgic.engine.specs import EngineSpec, build
from demiurgic.errors import DemiurgicError, EngineError


class Worker:
    """Serves one engine over frames."""

    def __init__(self, engine: Engine, frames: Frames) -> None:
        self._engine, self._frames = engine, frames
        self._running: dict[int, Generation] = {}

    def serve(self) -> None:
        """Until the other side is gone."""
        while True:
            try:
                order = self._frames.receive()
            except EOFError:
                return
            match order:
                case Call(id_, method, arguments) if method in CALLABLE:
                    # Beside the loop: an embedding or a save must not hold up a cancel.
                    self._beside(lambda i=id_, m=method, a=arguments: self._call(i, m, a))
                case Start(id_, request):
                    self._beside(lambda i=id_, r=request: self._start(i, r))
                case Cancel(id_):
                    generation = self._running.get(id_)
                    if generation is not None:
                        generation.cancel()
                case _:
                    raise EngineError(f"the worker was sent {type(order).__name__}")

    def _call(self, call_id: int, method: str, arguments: tuple[Any, ...]) -> None:
        try:
            outcome = Outcome(call_id, getattr(self._engine, method)(*arguments))
        except DemiurgicError as error:
            outcome = Outcome(call_id, error=error)
        except OSError as error:
            outcome = Outcome(call_id, error=EngineError(f"{method} failed: {error.strerror} ({error.filename})"))
        self._send(outcome)

    def _start(self, call_id: int, request: Request) -> None:
        try:
            generation = self._engine.generate(request)
        except DemiurgicError as error:
            self._send(Outcome(call_id, error=error))
            return
        self._running[call_id] = generation
        self._send(Outcome(call_id))
        try:
            for event in generation:
                self._send(Happened(call_id, event))
        except DemiurgicError as error:
            self._send(Happened(call_id, error))
        finally:
            del self._running[call_id]

    def _send(self, value: object) -> None:
        try:
            self._frames.send(value)
        except OSError:
            os._exit(0)  # nobody is left to work for

    def _beside(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()


def _end_after(fault: threading.ExceptHookArgs) -> None:
    """A thread that broke would leave somebody waiting for ever: the process ends, and whoever waits is told."""
    traceback.print_exception(fault.exc_value)
    sys.stderr.flush()
    os._exit(1)


def main() -> None:
    """Take over the standard streams, build the engine that the first frame names, serve it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reading = os.fdopen(os.dup(0), "rb")
    writing = os.fdopen(os.dup(1), "wb")
    # What native code prints must not end up between the frames.
    os.dup2(2, 1)
    threading.excepthook = _end_after
    frames = Frames(reading, writing)
    spec: EngineSpec = frames.receive()
    try:
        engine = build(spec)
    except DemiurgicError as error:
        frames.send(Outcome(0, error=error))
        return
    frames.send(Outcome(0, engine.facts))
    Worker(engine, frames).serve()
    engine.close()


if __name__ == "__main__":
    main()
