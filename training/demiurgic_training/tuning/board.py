"""How a run stands, for the eye: a line that moves in a terminal, a line now and then elsewhere; at 60 columns too."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from demiurgic.evaluation.board import time_left
from demiurgic_training.tuning.events import Began, Ended, Evaluation, Event, Sample, Saved, Step

_PLAIN_STEP = 10.0
_WIDE = 80


@contextmanager
def board(console: Console) -> Generator[Callable[[Event], None]]:
    """Shows the events that it is told."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(console).show
        return
    columns = (BarColumn(bar_width=20 if console.width >= _WIDE else 4), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Moving(console, bar, bar.add_task("preparing", total=None)).show


class _Moving:
    def __init__(self, console: Console, bar: Progress, task: TaskID) -> None:
        self._console, self._bar, self._task, self._since = console, bar, task, -1

    def show(self, event: Event) -> None:
        if _never_began(event, self._since):
            return
        if isinstance(event, Began):
            self._since = event.step
            self._bar.update(self._task, total=event.steps, completed=event.step, description=f"0/{event.steps}")
        if isinstance(event, Step):
            self._bar.update(self._task, completed=event.step, description=step_line(event, self._since))
        elif line := told(event):
            self._console.print(line)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._since, self._last = console, -1, -_PLAIN_STEP

    def show(self, event: Event) -> None:
        if _never_began(event, self._since):
            return
        if isinstance(event, Began):
            self._since = event.step
        if not isinstance(event, Step):
            if line := told(event):
                self._console.print(line, soft_wrap=True)
        elif time.monotonic() - self._last >= _PLAIN_STEP or event.step == event.steps:
            self._last = time.monotonic()
            self._console.print(Text(f"step {step_line(event, self._since)}"), soft_wrap=True)


def _never_began(event: Event, since: int) -> bool:
    """A run that failed before its first step: the command says why in its one line, and there is nothing to add."""
    return isinstance(event, Ended) and event.outcome == "failed" and since < 0


def step_line(step: Step, since: int) -> str:
    """A step in at most 50 letters. The run began, or went on, behind `since`."""
    speed = step.tokens_per_second
    fast = f"{speed / 1000:.1f}k" if speed >= 1000 else f"{speed:.0f}"
    seconds = step.seconds / max(1, step.step - since) * (step.steps - step.step)
    left = f"{time_left(seconds)} left" if step.step < step.steps else ""
    margin = f" margin {step.margin:.2f}" if step.margin is not None else ""
    parts = f"{step.step}/{step.steps} loss {step.loss:.3f}{margin} lr {step.learning_rate:.0e} {fast} tok/s {left}"
    return parts.strip()


def told(event: Event) -> Text | None:
    """What is said of anything but a step. Nothing where the command itself says it."""
    match event:
        case Began():
            said = _beginning(event)
        case Evaluation():
            best = ", the best so far" if event.best else ""
            said = Text(f"step {event.step}: validation loss {event.loss:.4f}{best}")
        case Sample():
            said = Text.assemble((f"step {event.step}, {event.prompt}\n", "dim"), event.text or "(nothing)")
        case Saved():
            said = Text(f"step {event.step}: saved", style="dim")
        case Ended():
            known = event.outcome == "done" or (event.outcome == "failed" and not event.step)
            more = "; go on: --resume" if event.outcome == "stopped" else ""
            said = None if known else Text(f"{event.outcome} at step {event.step}{more}", "yellow")
        case Step():
            said = None
    return said


def _beginning(event: Began) -> Text:
    share = 100 * event.trained / max(1, event.parameters)
    begin = f"goes on behind step {event.step}" if event.step else "begins"
    return Text(
        f"{event.method} of {event.model} {begin}: {event.rows} rows, {event.steps} steps, "
        f"{event.trained:,} of {event.parameters:,} parameters move ({share:.3g} %), on {event.device}"
    )
