"""A run, from its recipe to the folder of what came out.

Whatever ends it, the last whole checkpoint stays, and `resume` goes on from there to the same losses as an unbroken
run. Under `accelerate launch` all processes come through here; only the first writes, and only it tells what happens.
"""

import hashlib
import json
import warnings
from array import array
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from demiurgic.errors import DemiurgicError, UserError, WorkError
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic_training.tuning.certificate import Certificate, write_certificate
from demiurgic_training.tuning.checking import check
from demiurgic_training.tuning.checkpoints import (
    Checkpoint,
    Checkpoints,
    Origin,
    check_origin,
    check_whole,
    make_model,
    origin_of,
)
from demiurgic_training.tuning.disk import room_for
from demiurgic_training.tuning.events import Ended, Event
from demiurgic_training.tuning.folder import RunFolder
from demiurgic_training.tuning.lessons import Lessons, prepare_lessons
from demiurgic_training.tuning.reading import write_recipe
from demiurgic_training.tuning.recipe import Adapter, Method, Recipe, Weights
from demiurgic_training.tuning.recording import Recorder
from demiurgic_training.tuning.sources import located
from demiurgic_training.tuning.stopping import Stop, listening
from demiurgic_training.tuning.students import Student, open_student
from demiurgic_training.tuning.weights import load

Hear = Callable[[Event], None]


def train(
    recipe: Recipe, *, resume: bool = False, hear: Hear, show: Callable[[Certificate], None] | None = None
) -> Path:
    """Teach, and return the folder of the model or adapter that came out. `show` sees what is learned, before it is.

    With `resume`, a run goes on where it stopped, or begins if it never saved; one that is done stays as it is. Raises
    UserError where the recipe, the rows or the checkpoint cannot be what they should be, WorkError where teaching
    failed, and KeyboardInterrupt, once a checkpoint is saved, where the user stopped it.
    """
    folder = RunFolder(recipe.out)
    check(recipe)
    if resume and folder.model.is_dir():
        return folder.model
    with ExitStack() as opened:
        stop = opened.enter_context(listening())
        take: Hear | None = None
        if is_first():
            _check_folder(folder, resume)
            take = opened.enter_context(_telling(recipe, folder, hear))
        lessons = _lessons(recipe)
        if take is not None and show is not None:
            show(lessons.certificate)
        with _unheeded():
            _teach(_Desk(recipe, lessons, Checkpoints(folder.checkpoints), stop, take), folder)
        if stop.asked and not folder.model.is_dir():
            raise KeyboardInterrupt
    return folder.model


def _teach(desk: "_Desk", folder: RunFolder) -> None:
    import torch

    newest = desk.checkpoints.newest()
    if newest is not None:
        check_whole(newest)
    trainer = desk.trainer(open_student(desk.recipe))
    if newest is not None:
        check_origin(newest, trainer.saving.origin())
    if desk.take is not None:
        _write_papers(desk, folder)
    if newest is None or not _is_over(newest):
        try:
            trainer.train(resume_from_checkpoint=str(newest.path) if newest else None)
        except torch.OutOfMemoryError as error:
            raise WorkError(
                f"the memory of the device is full at step {trainer.state.global_step}",
                "a smaller optimiser.batch with more optimiser.accumulate, a smaller data.max_length, or "
                "weights.kind=qlora, in a new folder: out=",
            ) from error
    newest = desk.checkpoints.newest()
    if desk.take is not None and newest is not None and _is_over(newest):
        _finish(desk.checkpoints, folder, desk.take)
    trainer.accelerator.wait_for_everyone()


def _write_papers(desk: "_Desk", folder: RunFolder) -> None:
    """What the run does, and what it learns. Those of a run that goes on stay as they are until it is the same run."""
    with room_for("the recipe of the run", folder.path, "make room, then begin again: --resume"):
        write_recipe(desk.recipe, folder.recipe)
        write_certificate(desk.lessons.certificate, folder.certificate)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a run has at hand. Only the first of several processes has somebody to tell: `take`."""

    recipe: Recipe
    lessons: Lessons
    checkpoints: Checkpoints
    stop: Stop
    take: Hear | None

    def trainer(self, student: Student) -> Any:  # noqa: ANN401 - transformers has no types to speak of
        """A trainer that is watched, and that knows where it comes from."""
        from demiurgic_training.tuning.sampling import Speaker
        from demiurgic_training.tuning.trl_trainer import Class, Saving, agreeing, trainer_of
        from demiurgic_training.tuning.watching import Watched, Watcher

        recipe, lessons = self.recipe, self.lessons
        speaker = Speaker(student.tokenizer, student.template)
        origin = origin_of(recipe, _fingerprints(lessons), {**_identity(student.model), "processes": _processes()})
        watched = Watched(
            recipe,
            rows=len(lessons.train),
            looks=bool(lessons.validation),
            size=_size(student.model),
            say=lambda question: speaker.say(student.model, question),
        )
        watcher = Watcher(watched, self.stop, agreeing, self.take)
        saving = Saving(self.checkpoints, recipe.running.keep, lambda: origin, lambda: watcher.loss, watcher.saved)
        taught = Class(student.model, student.tokenizer, lessons.train, lessons.validation, _other(recipe, student))
        trainer = trainer_of(recipe, taught, saving)
        if recipe.running.sample_every and (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
            raise UserError("a model in parts on several devices gives no samples", "leave running.sample_every out")
        trainer.add_callback(watcher)
        return trainer


def _lessons(recipe: Recipe) -> Lessons:
    student = open_student(recipe, weights=False)
    return prepare_lessons(recipe, CheckpointTokenizer(student.tokenizer), student.template)


@contextmanager
def _unheeded() -> Generator[None]:
    """Without what libraries say to each other: which of their names will go, and how many files they have read."""
    import transformers

    automatic: Any = transformers
    automatic.utils.logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", "Adapter name 'ref'", UserWarning)
        yield


def _other(recipe: Recipe, student: Student) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    """The model that the student is compared with, or learns from. It does not move, and needs not all its bits."""
    still = replace(recipe, weights=Weights(kind=Adapter.LORA))
    if recipe.method is Method.DISTIL:
        still = replace(still, model=recipe.teaching.teacher)
        if _words(open_student(still, weights=False)) != _words(student):
            raise UserError(f"{still.model} has another vocabulary than {recipe.model}", "take one of the same family")
        return load(still, located(still.model)).eval().requires_grad_(False)
    if recipe.method in (Method.DPO, Method.KTO) and recipe.weights.kind is Adapter.FULL:
        return load(still, student.folder).eval().requires_grad_(False)
    return None


def _words(student: Student) -> tuple[object, object]:
    return student.tokenizer.get_vocab(), student.model.config.get_text_config().vocab_size


def _finish(checkpoints: Checkpoints, folder: RunFolder, take: Hear) -> None:
    best, newest = checkpoints.best(), checkpoints.newest()
    if best is None or newest is None:
        raise WorkError(f"there is no checkpoint in {folder.checkpoints}", "begin anew")
    with room_for("the model", folder.path, f"{best.path} is whole; make room, then go on: --resume"):
        make_model(best, folder.model)
    take(Ended(newest.step, "done"))


def _is_over(checkpoint: Checkpoint) -> bool:
    """Whether its run had no step left."""
    told = json.loads((checkpoint.path / "trainer_state.json").read_text("utf-8"))
    return checkpoint.step >= told["max_steps"]


@contextmanager
def _telling(recipe: Recipe, folder: RunFolder, hear: Hear) -> Generator[Hear]:
    """Keep the log, and say in it how the run ended."""
    with Recorder(folder, hear, trackio=recipe.running.trackio) as recorder:
        try:
            yield recorder.take
        except KeyboardInterrupt:
            recorder.take(Ended(recorder.step, "stopped"))
            raise
        except BaseException as error:
            problem = error.message if isinstance(error, DemiurgicError) else f"{type(error).__name__}: {error}"
            with suppress(OSError, WorkError):  # a disk that is full has no room for its own obituary
                recorder.take(Ended(recorder.step, "failed", problem))
            raise


def _check_folder(folder: RunFolder, resume: bool) -> None:
    if not resume and (folder.model.is_dir() or Checkpoints(folder.checkpoints).newest()):
        raise UserError(f"{folder.path} holds a run already", "go on with it: --resume, or name another folder: out=")


def is_first() -> bool:
    """Whether this process is the one that speaks: the only one, or the first of those that were launched together."""
    import accelerate  # pyright: ignore[reportMissingTypeStubs]
    import torch

    launched: Any = accelerate
    return launched.PartialState(cpu=not torch.accelerator.is_available()).is_main_process


def _processes() -> int:
    """How many learn together: a step of theirs takes so many batches."""
    import accelerate  # pyright: ignore[reportMissingTypeStubs]

    launched: Any = accelerate
    return launched.PartialState().num_processes


def _fingerprints(lessons: Lessons) -> dict[str, str]:
    told = {"train": lessons.train, "validation": lessons.validation}
    return {name: _digest(rows) for name, rows in told.items()}


def _digest(rows: Any) -> str:  # noqa: ANN401
    digest = hashlib.sha256()
    for row in rows:
        for name in row.__dataclass_fields__:
            digest.update(array("q", getattr(row, name)).tobytes() + b"|")
    return digest.hexdigest()[:16]


def _identity(model: Any) -> Origin:  # noqa: ANN401
    """By what a model is known: a little of each of its weights, as they are before anything is learned."""
    import torch

    digest, adapted = hashlib.sha256(), hasattr(model, "peft_config")
    for name, values in model.named_parameters():
        if not (adapted and values.requires_grad):
            digest.update(name.encode())
            digest.update(values.detach().flatten()[:64].cpu().view(torch.uint8).numpy().tobytes())
    return {"weights of the model": digest.hexdigest()[:16]}


def _size(model: Any) -> tuple[int, int]:  # noqa: ANN401
    if hasattr(model, "get_nb_trainable_parameters"):
        return model.get_nb_trainable_parameters()
    whole = sum(values.numel() for values in model.parameters())
    return whole, whole
