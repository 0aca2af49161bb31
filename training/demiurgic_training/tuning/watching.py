"""What happens in a trainer, told as events; and what only somebody who watches can decide: when to look, to save and
to stop."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import transformers

from demiurgic.errors import WorkError
from demiurgic_training.tuning.events import Began, Evaluation, Event, Sample, Saved, Step
from demiurgic_training.tuning.recipe import Recipe
from demiurgic_training.tuning.stopping import Stop

_Callback: Any = transformers.TrainerCallback


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of a run before it begins, and what it can be asked."""

    recipe: Recipe
    rows: int
    looks: bool
    """There are validation rows."""
    size: tuple[int, int]
    """Parameters that move, and all."""
    say: Callable[[str], str]


class Watcher(_Callback):
    """Tells `hear` what happens, and ends the run when `stop` says so. `agree` makes all processes of one mind."""

    def __init__(
        self, watched: Watched, stop: Stop, agree: Callable[[bool], bool], hear: Callable[[Event], None] | None
    ) -> None:
        self._watched, self._stop, self._agree, self._hear = watched, stop, agree, hear
        self.loss: float | None = None
        """Of the validation rows, at this step."""
        self._best = math.inf
        self._begun = time.monotonic()
        self._step_begun = 0.0
        self._working, self._tokens = 0.0, 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        """Says what begins."""
        self._stop.patient = True
        self._tokens = float(state.num_input_tokens_seen)
        seen = [line["eval_loss"] for line in state.log_history if "eval_loss" in line]
        self._best = min([math.inf, *seen])
        recipe, size = self._watched.recipe, self._watched.size
        device = _device_name(args.device)
        method = f"{recipe.method} {recipe.weights.kind}"
        self._tell(
            Began(state.global_step, state.max_steps, method, recipe.model, device, *size, rows=self._watched.rows)
        )

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        """Starts the clock."""
        self._step_begun = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        """Decides what happens between this step and the next."""
        self._working += time.monotonic() - self._step_begun
        self.loss = None
        running = self._watched.recipe.running
        every = running.evaluate_every
        looks = control.should_save or (every is not None and state.global_step % every == 0)
        control.should_evaluate = self._watched.looks and looks
        if self._agree(self._stop.asked):
            control.should_save = control.should_training_stop = True
        control.should_log = control.should_log or control.should_training_stop
        if running.sample_every and state.global_step % running.sample_every == 0 and self._hear is not None:
            for question in running.samples:
                self._tell(Sample(state.global_step, question, self._watched.say(question)))

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401
        """Tells of a step. Raises WorkError where the loss is no number any more."""
        if "loss" not in logs:
            return
        _check_number(f"the loss of step {state.global_step}", logs["loss"])
        _check_number(f"the gradient of step {state.global_step}", float(logs.get("grad_norm", 0.0)))
        self._tell(
            Step(
                step=state.global_step,
                steps=state.max_steps,
                epoch=float(state.epoch or 0),
                loss=logs["loss"],
                learning_rate=logs["learning_rate"],
                gradient=float(logs.get("grad_norm", 0.0)),
                tokens_per_second=self._speed(float(logs.get("num_tokens", 0))),
                peak_memory=peak_memory(),
                seconds=time.monotonic() - self._begun,
                margin=logs.get("rewards/margins"),
            )
        )

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401
        """Tells how rows do that are never learned. Raises WorkError before weights that answer with no number are
        saved."""
        loss = float(metrics["eval_loss"])
        _check_number(f"the validation loss after step {state.global_step}", loss)
        self.loss = loss
        self._tell(Evaluation(state.global_step, self.loss, self.loss < self._best))
        self._best = min(self._best, self.loss)

    def saved(self, step: int, path: str) -> None:
        """A checkpoint is in its place."""
        self._tell(Saved(step, path))

    def _speed(self, tokens: float) -> float:
        speed = (tokens - self._tokens) / max(self._working, 1e-9)
        self._tokens, self._working = tokens, 0.0
        return speed

    def _tell(self, event: Event) -> None:
        if self._hear is not None:
            self._hear(event)


def _check_number(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise WorkError(f"{name} is {value}", "a smaller optimiser.learning_rate, in a new folder: out=")


def peak_memory() -> int:
    """Bytes that were held at once: of the device, or of this process where there is none."""
    import torch

    cuda: Any = torch.cuda
    if cuda.is_available():
        return int(cuda.max_memory_allocated())
    import psutil

    told: Any = psutil.Process().memory_info()
    if hasattr(told, "peak_wset"):  # Windows
        return int(told.peak_wset)
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _device_name(device: Any) -> str:  # noqa: ANN401
    import torch

    cuda: Any = torch.cuda
    return str(cuda.get_device_name(device)) if device.type == "cuda" else str(device.type)
