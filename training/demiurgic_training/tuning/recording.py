"""What a run leaves for those who look on: its log, how it stands, curves, and trackio where that is wanted.

Whoever reads the log or state.json of a run that goes on, or was killed, finds whole lines and a whole file. Only one
program at a time writes into a run's folder.
"""

import importlib
import importlib.util
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from demiurgic.errors import MissingExtra, UserError
from demiurgic.messages_json import json_bytes
from demiurgic_models.files import write_beside
from demiurgic_training.tuning.disk import room_for
from demiurgic_training.tuning.events import (
    Began,
    Ended,
    Evaluation,
    Event,
    Saved,
    Stage,
    Standing,
    Step,
    event_to_json,
)
from demiurgic_training.tuning.folder import RunFolder

_OFTEN = 1.0
"""Seconds between two looks at how the run stands: each waits for the disk."""
_STAGES = {"done": Stage.DONE, "stopped": Stage.STOPPED, "failed": Stage.FAILED}


class Recorder:
    """Takes the events of one run."""

    def __init__(self, folder: RunFolder, hear: Callable[[Event], None], *, trackio: bool) -> None:
        """Make the folder ready. Raises UserError where another run writes there."""
        if trackio and not importlib.util.find_spec("trackio"):
            raise MissingExtra("trackio", "trackio")
        self._lock = FileLock(folder.path / ".lock", thread_local=False)
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            problem = f"another run writes to {folder.path}"
            raise UserError(problem, "wait for it, or name another folder: out=") from error
        except OSError as error:
            problem = f"{folder.path} cannot be the folder of a run: {error.strerror}"
            raise UserError(problem, "name another folder: out=") from error
        self._folder, self._hear = folder, hear
        self.step, self._steps = 0, 0
        _whole_lines(folder.log)
        self._log = folder.log.open("ab", buffering=0)
        self._curves = _Curves(folder)
        self._trackio = _Trackio(folder) if trackio else None
        self._stand(Stage.PREPARING)

    def take(self, event: Event) -> None:
        """Write an event down, and pass it on."""
        with room_for("the run's log", self._folder.path, "make room, then go on: --resume"):
            self._log.write(json_bytes(event_to_json(event)) + b"\n")
            self._note(event)
        if self._trackio is not None:
            self._trackio.take(event)
        self._hear(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as closing:
            closing.callback(self._lock.release)
            closing.callback(self._log.close)
            closing.callback(self._curves.close)
            if self._trackio is not None:
                closing.callback(self._trackio.close)

    def _note(self, event: Event) -> None:
        self.step = event.step
        match event:
            case Began():
                self._steps = event.steps
                self._stand(Stage.RUNNING)
            case Step():
                self._curves.step(event)
                if time.monotonic() - self._stood > _OFTEN:
                    self._stand(Stage.RUNNING)
            case Evaluation():
                self._curves.evaluation(event)
            case Saved():
                self._stand(Stage.RUNNING)
            case Ended():
                self._stand(_STAGES[event.outcome], event.problem)
            case _:
                pass

    def _stand(self, stage: Stage, problem: str = "") -> None:
        self._stood = time.monotonic()
        standing = Standing(stage, self.step, self._steps, os.getpid(), problem)
        told = {name: getattr(standing, name) for name in Standing.__dataclass_fields__}
        write_beside(self._folder.state, json_bytes(told).decode())


def _whole_lines(log: Path) -> None:
    """Cut off a line that a crash left unfinished."""
    if log.exists():
        held = log.read_bytes()
        os.truncate(log, held.rfind(b"\n") + 1)


class _Curves:
    """TensorBoard's file. Written at once and in this thread, so that whoever runs out of disk hears of it here."""

    def __init__(self, folder: RunFolder) -> None:
        records: Any = importlib.import_module("tensorboard.summary.writer.record_writer")
        self._protocol: Any = importlib.import_module("tensorboard.compat.proto.event_pb2")
        folder.tensorboard.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}"
        self._file = (folder.tensorboard / name).open("ab", buffering=0)
        self._records = records.RecordWriter(self._file)
        self._write(file_version="brain.Event:2")

    def step(self, step: Step) -> None:
        values = {"loss": step.loss, "learning_rate": step.learning_rate, "gradient": step.gradient}
        values |= {"tokens_per_second": step.tokens_per_second, "peak_memory": step.peak_memory}
        if step.margin is not None:
            values["margin"] = step.margin
        self._point({f"train/{name}": value for name, value in values.items()}, step.step)

    def evaluation(self, evaluation: Evaluation) -> None:
        self._point({"validation/loss": evaluation.loss}, evaluation.step)

    def close(self) -> None:
        self._file.close()

    def _point(self, values: Mapping[str, float], step: int) -> None:
        points = [{"tag": name, "simple_value": float(value)} for name, value in values.items()]
        self._write(step=step, summary={"value": points})

    def _write(self, **said: Any) -> None:  # noqa: ANN401 - fields of a message
        self._records.write(self._protocol.Event(wall_time=time.time(), **said).SerializeToString())


class _Trackio:
    """The same curves in trackio."""

    def __init__(self, folder: RunFolder) -> None:
        self._trackio: Any = importlib.import_module("trackio")
        self._trackio.init(project="demiurgic", name=folder.path.resolve().name, resume="allow")

    def take(self, event: Event) -> None:
        if isinstance(event, Step | Evaluation):
            kind, told = type(event).__name__.lower(), event_to_json(event).items()
            numbers = {f"{kind}/{name}": value for name, value in told if isinstance(value, int | float)}
            self._trackio.log(numbers, event.step)

    def close(self) -> None:
        self._trackio.finish()
