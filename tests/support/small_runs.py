"""Training runs that take a second: rows, recipes for a tiny student, and an ear for what happens."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from demiurgic.messages import Assistant, User
from demiurgic_training.files import write_items
from demiurgic_training.rows import Pair, asked
from demiurgic_training.tuning.events import Event, Step
from demiurgic_training.tuning.recipe import (
    Adapter,
    Data,
    Method,
    Optimiser,
    Overlong,
    Recipe,
    Running,
    Teaching,
    Weights,
)
from demiurgic_training.tuning.running import train

ROWS = 16
BATCH = 4


def write_rows(path: Path, count: int = ROWS) -> Path:
    write_items(path, (asked(f"what is {number}?", f"it is {number % 4}") for number in range(count)))
    return path


def write_pairs(path: Path, count: int = ROWS) -> Path:
    pairs = (Pair((User(f"say {number}"),), Assistant("good"), Assistant("bad")) for number in range(count))
    write_items(path, pairs)
    return path


def recipe_for(base: Path, home: Path, method: str = "sft", kind: str = "lora", **running: object) -> Recipe:
    """Eight steps over sixteen rows, in a folder of its own. Random weights take large steps."""
    pairs = method in ("dpo", "kto")
    write = write_pairs if pairs else write_rows
    home.mkdir(parents=True, exist_ok=True)
    return Recipe(
        model=str(base),
        data=Data(write(home / "train.jsonl"), max_length=512, overlong=Overlong.REFUSE),
        out=home / "run",
        method=Method(method),
        weights=Weights(Adapter(kind), rank=4, virtual_tokens=4),
        optimiser=Optimiser(learning_rate=2e-3 if kind == "full" else 1e-2, batch=BATCH, steps=8, warmup=0.0),
        teaching=Teaching(teacher=str(base), new_tokens=8),
        running=replace(Running(save_every=3), **running),
    )


class Ear:
    """Hears a run, and acts when a step is done: `acts` maps numbers of steps to what happens then."""

    def __init__(self, acts: dict[int, Callable[[], None]] | None = None) -> None:
        self.events: list[Event] = []
        self._acts = dict(acts or {})

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Step) and event.step in self._acts:
            self._acts.pop(event.step)()

    @property
    def losses(self) -> dict[int, float]:
        return {event.step: event.loss for event in self.events if isinstance(event, Step)}

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


def taught(recipe: Recipe, *, resume: bool = False) -> Ear:
    """Everything that happened in a whole run."""
    ear = Ear()
    train(recipe, resume=resume, hear=ear)
    return ear


def die() -> None:
    """As if the process ended here."""
    raise KeyboardInterrupt
