"""What happens in a run, as values: the trainer tells them, the terminal and the studio show them.

Each has a JSON form that stands as one line in the run's log: its fields, and `kind`, the name of its class in small
letters. Who reads a log passes over kinds that it does not know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeAlias

from demiurgic.messages import Json


@dataclass(frozen=True, slots=True)
class Began:
    """The run starts, or goes on behind `step`."""

    step: int
    steps: int
    method: str
    model: str
    device: str
    trained: int
    """Parameters that move."""
    parameters: int
    rows: int


@dataclass(frozen=True, slots=True)
class Step:
    """So many steps are done."""

    step: int
    steps: int
    epoch: float
    loss: float
    learning_rate: float
    gradient: float
    """Its length before it was clipped."""
    tokens_per_second: float
    """Learned and read alike."""
    peak_memory: int
    """Bytes: of the device, or of this process where the device is a CPU."""
    seconds: float
    """Since the run was started or resumed."""
    margin: float | None = None
    """DPO: by how much the chosen answers are likelier than the rejected ones."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The loss on rows that are never learned."""

    step: int
    loss: float
    best: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model says by now."""

    step: int
    prompt: str
    text: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint from which the run can go on."""

    step: int
    path: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over for now: done, stopped by its user (it can go on), or failed."""

    step: int
    outcome: str
    problem: str = ""


Event: TypeAlias = Began | Step | Evaluation | Sample | Saved | Ended

_KINDS: dict[str, type[Event]] = {
    kind.__name__.lower(): kind for kind in (Began, Step, Evaluation, Sample, Saved, Ended)
}


def event_to_json(event: Event) -> dict[str, Json]:
    """An event as it stands in the log."""
    return {"kind": type(event).__name__.lower(), **asdict(event)}


def event_from_json(line: Mapping[str, Json]) -> Event | None:
    """The event that a line of the log tells; None for a kind that is not known here. Raises TypeError where fields
    are missing."""
    kind = _KINDS.get(str(line.get("kind")))
    if kind is None:
        return None
    fields = {name: value for name, value in line.items() if name in kind.__dataclass_fields__}
    return kind(**fields)  # type: ignore[arg-type]


def steps_of(log: Iterable[Mapping[str, Json]]) -> list[Step]:
    """The steps that the lines of a log tell, in their order. What a resumed run did again stands there twice: the
    later time counts."""
    told = {event.step: event for event in map(event_from_json, log) if isinstance(event, Step)}
    return [told[step] for step in sorted(told)]


class Stage(StrEnum):
    """How a run stands."""

    PREPARING = "preparing"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """The content of state.json. Whether `pid` still runs is for the reader to find out: a run that was killed still
    says that it is running."""

    stage: Stage
    step: int
    steps: int
    pid: int
    problem: str = ""
