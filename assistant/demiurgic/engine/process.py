"""An engine in a process of its own: native code that crashes takes nothing of the front end with it.

When the worker dies, every generation under way and the call that noticed raise EngineDied; the next call starts a
new worker. What the front end holds is never touched.
"""

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any

from demiurgic.engine.frames import Frames
from demiurgic.engine.orders import Call, Cancel, Happened, Outcome, Start
from demiurgic.engine.protocol import Done, EngineEvent, EngineStats, ModelFacts, Request
from demiurgic.engine.specs import EngineSpec
from demiurgic.errors import DemiurgicError, EngineDied, EngineError
from demiurgic.waiting import BRIEFLY

_GRACE = 5.0
"""Seconds that a worker may take to end by itself."""


class EngineProcess:
    """Satisfies `Engine`. `environment` is what the worker sees besides its own few settings."""

    def __init__(self, spec: EngineSpec, environment: Mapping[str, str]) -> None:
        self._spec, self._environment = spec, environment
        self._lock = threading.RLock()
        self._closed = False
        self._worker: _Worker | None = None
        self._facts = self._living().facts

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""
        return self._facts

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Tokens of the text; with `markers`, names of special tokens become those tokens."""
        return self._living().call("tokenize", text, markers)

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes of these tokens."""
        return self._living().call("detokenize", list(tokens))

    def generate(self, request: Request) -> "ProcessGeneration":
        """Start a request."""
        return self._living().start(request)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text."""
        return self._living().call("embed", list(texts))

    def save(self, tokens: Sequence[int], path: Path) -> int:
        """Write what is known of these tokens to a file."""
        return self._living().call("save", list(tokens), path)

    def load(self, path: Path) -> tuple[int, ...]:
        """Take in a saved file."""
        return self._living().call("load", path)

    def stats(self) -> EngineStats:
        """What the engine does now."""
        return self._living().call("stats")

    def close(self) -> None:
        """End the worker, gently first."""
        with self._lock:
            self._closed = True
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    @property
    def pid(self) -> int:
        """The worker's process."""
        return self._living().pid

    def _living(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise EngineError("the engine is closed")
            if self._worker is None or self._worker.dead:
                self._worker = _Worker(self._spec, {**self._environment, **BRIEFLY})
            return self._worker


class ProcessGeneration:
    """A generation that runs in the worker."""

    def __init__(self, worker: "_Worker", number: int) -> None:
        self._worker, self._number = worker, number
        self.events: queue.SimpleQueue[EngineEvent | DemiurgicError] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[EngineEvent]:
        while True:
            event = self.events.get()
            if isinstance(event, DemiurgicError):
                raise event
            yield event
            if isinstance(event, Done):
                return

    def cancel(self) -> None:
        """Ask for it to end soon."""
        self._worker.cancel(self._number)


class _Worker:
    """One worker process and what is under way in it."""

    def __init__(self, spec: EngineSpec, environment: Mapping[str, str]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "demiurgic.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=dict(environment),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._frames = Frames(self._process.stdout, self._process.stdin)
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._calls: dict[int, Future[Any]] = {}
        self._generations: dict[int, ProcessGeneration] = {}
        self.dead = False
        self.facts = self._begin(spec)
        self._listener = threading.Thread(target=self._listen, name="engine-process", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - what the method returns
        """Call a method of the engine and wait for what it returns or raises."""
        number, future = self._expect()
        self._send(Call(number, method, arguments))
        return future.result()

    def start(self, request: Request) -> ProcessGeneration:
        """Start a generation; what is wrong with the request is raised here."""
        number, future = self._expect()
        generation = ProcessGeneration(self, number)
        with self._lock:
            self._generations[number] = generation
        self._send(Start(number, request))
        future.result()
        return generation

    def cancel(self, number: int) -> None:
        """Cancel a generation, if it still runs."""
        if number in self._generations and not self.dead:
            self._send(Cancel(number))

    def close(self) -> None:
        """End the process."""
        self._frames.close_writing()
        self._await_end()
        self._listener.join()

    def _begin(self, spec: EngineSpec) -> ModelFacts:
        try:
            self._frames.send(spec)
            outcome: Outcome = self._frames.receive()
        except (EOFError, OSError) as error:
            raise self._obituary() from error
        if outcome.error is not None:
            self._frames.close_writing()
            self._obituary()
            raise outcome.error
        return outcome.value

    def _expect(self) -> tuple[int, "Future[Any]"]:
        number, future = next(self._numbers), Future[Any]()
        with self._lock:
            if self.dead:
                raise EngineDied("the engine's process has ended", "ask again: it is started anew")
            self._calls[number] = future
        return number, future

    def _send(self, order: object) -> None:
        try:
            self._frames.send(order)
        except (OSError, ValueError):
            return  # the listener has noticed, or will, and tells everybody who waits

    def _listen(self) -> None:
        while True:
            try:
                message = self._frames.receive()
            except (EOFError, OSError, ValueError):
                break
            match message:
                case Happened(number, event):
                    self._deliver(number, event)
                case Outcome(number, value, error):
                    self._answer(number, value, error)
                case _:
                    break
        self._bury()

    def _deliver(self, number: int, event: EngineEvent | DemiurgicError) -> None:
        generation = self._generations.get(number)
        if generation is None:
            return
        if isinstance(event, Done | DemiurgicError):
            with self._lock:
                del self._generations[number]
        generation.events.put(event)

    def _answer(self, number: int, value: object, error: DemiurgicError | None) -> None:
        with self._lock:
            future = self._calls.pop(number)
            if error is not None:
                self._generations.pop(number, None)
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)

    def _bury(self) -> None:
        """The worker is gone: tell everybody who waits for it."""
        error = self._obituary()
        with self._lock:
            self.dead = True
            calls, generations = list(self._calls.values()), list(self._generations.values())
            self._calls.clear()
            self._generations.clear()
        for future in calls:
            future.set_exception(error)
        for generation in generations:
            generation.events.put(error)

    def _await_end(self) -> int:
        try:
            return self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _obituary(self) -> EngineDied:
        """How it ended. Nothing of the process is left open after this."""
        code = self._await_end()
        self._frames.close()
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 2000))
        last = self._log.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        self._log.close()
        return EngineDied(
            f"the engine's process ended {how}" + (f" ({last[0][:300]})" if last else ""),
            "ask again: it is started anew, and nothing of yours is lost",
        )
