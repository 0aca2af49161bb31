"""TRL's trainers, made ours. The one module that imports trl.

They get tokens and labels that were made elsewhere, and what they would do besides is switched off: rendering and
cutting rows, reports to their makers, model cards. A checkpoint is written beside its place, and put there once it is
whole. The names that are relied on here are held by tests against the version that is installed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate  # pyright: ignore[reportMissingTypeStubs]
import datasets  # pyright: ignore[reportMissingTypeStubs]
import torch
import transformers
import trl

from demiurgic_training.tuning.checking import saves_memory
from demiurgic_training.tuning.checkpoints import Checkpoints, Origin
from demiurgic_training.tuning.columns import Lessons, columns_of
from demiurgic_training.tuning.disk import room_for
from demiurgic_training.tuning.recipe import Method, Recipe
from demiurgic_training.tuning.weights import computed_in

_Base: Any = transformers.Trainer
_TRL: Any = trl
_DATASET: Any = datasets.Dataset
_ACCELERATE: Any = accelerate
_TORCH: Any = torch
_ENCODER = "encoder.pt"
"""What a P-tuning run needs to go on: its adapter file holds what the prompt's network gave, and not the network."""


@dataclass(frozen=True, slots=True)
class Saving:
    """What a trainer has to know of checkpoints."""

    checkpoints: Checkpoints
    keep: int
    origin: Callable[[], Origin]
    loss: Callable[[], float | None]
    saved: Callable[[int, str], None]


class _Ours(_Base):
    """What all trainers here do otherwise."""

    saving: Saving

    def _send_telemetry(self) -> None:
        """Nobody asked for that."""

    def create_model_card(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """The export writes one that knows more."""

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        return dataset

    def evaluate(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        """Draws nothing that the run would have drawn: whoever looks more often learns the same."""
        with _TORCH.random.fork_rng():
            return _above(self).evaluate(*arguments, **named)

    def _get_output_dir(self, trial: Any) -> str:  # noqa: ANN401
        return str(self.saving.checkpoints.beside)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ANN401
        saving, step = self.saving, int(self.state.global_step)
        checkpoints = saving.checkpoints
        if self.args.should_save:
            checkpoints.clear()
            checkpoints.beside.mkdir(parents=True)
        self.accelerator.wait_for_everyone()
        with room_for(f"the checkpoint of step {step}", checkpoints.folder, _what_is_whole(checkpoints)):
            _above(self)._save_checkpoint(model, trial)
            self._save_encoder(checkpoints.beside / f"checkpoint-{step}")
            self.accelerator.wait_for_everyone()
            if self.args.should_save:
                place = checkpoints.settle(step, saving.loss(), saving.origin())
                checkpoints.tidy(saving.keep)
                saving.saved(step, str(place))
        self.accelerator.wait_for_everyone()

    def _save_encoder(self, folder: Path) -> None:
        encoder = getattr(self.accelerator.unwrap_model(self.model), "prompt_encoder", None)
        if encoder is not None and self.args.should_save:
            torch.save(encoder.state_dict(), folder / _ENCODER)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ANN401
        encoder = Path(resume_from_checkpoint) / _ENCODER
        if not encoder.is_file():
            _above(self)._load_from_checkpoint(resume_from_checkpoint, model)
            return
        held: Any = torch.load(encoder, map_location="cpu", weights_only=True)
        self.accelerator.unwrap_model(self.model).prompt_encoder.load_state_dict(held)


def _above(trainer: "_Ours") -> Any:  # noqa: ANN401
    """What stands above ours, without types."""
    return super(_Ours, trainer)


def _what_is_whole(checkpoints: Checkpoints) -> str:
    whole = checkpoints.newest()
    there = f"the checkpoint of step {whole.step} is whole" if whole else "no checkpoint is there yet"
    return f"{there}; make room, then go on: --resume"


class _Sft(_Ours, _TRL.SFTTrainer):
    pass


class _Dpo(_Ours, _TRL.DPOTrainer):
    pass


class _Kto(_Ours, _TRL.KTOTrainer):
    pass


class _Distil(_Ours, _TRL.DistillationTrainer):
    def _tokenize_prompts(self, prompts: list[list[int]]) -> tuple[list[list[int]], None, dict[str, Any]]:
        """They are tokens already."""
        return prompts, None, {}


@dataclass(frozen=True, slots=True)
class Class:
    """What is taught: a model and its tokenizer, by lessons; and who else is needed for that."""

    model: Any
    tokenizer: Any
    train: Lessons
    validation: Lessons
    other: Any = None
    """The model that DPO and KTO compare with where no adapter can be switched off; the teacher of a distillation."""


def trainer_of(recipe: Recipe, taught: Class, saving: Saving) -> Any:  # noqa: ANN401
    """A trainer that is ready to begin."""
    common = {
        "model": taught.model,
        "train_dataset": _dataset(recipe, taught.train),
        "eval_dataset": _dataset(recipe, taught.validation) if taught.validation else None,
        "processing_class": taught.tokenizer,
    }
    trainer = _made(recipe, common, taught.other, saving.checkpoints.folder)
    trainer.saving = saving
    trainer.remove_callback(transformers.PrinterCallback)
    _settle_adapter(trainer.model)
    return trainer


def _made(recipe: Recipe, common: dict[str, Any], other: Any, folder: Path) -> Any:  # noqa: ANN401
    settings = _settings(recipe, folder)
    match recipe.method:
        case Method.SFT:
            prepared = {"skip_prepare_dataset": True}
            return _Sft(args=_TRL.SFTConfig(**settings, max_length=None, dataset_kwargs=prepared), **common)
        case Method.DPO:
            beta = recipe.preferences.beta
            arguments = _TRL.DPOConfig(**settings, max_length=None, beta=beta, loss_type=["sigmoid"])
            return _Dpo(args=arguments, ref_model=other, **common)
        case Method.KTO:
            arguments = _TRL.KTOConfig(**settings, max_length=None, beta=recipe.preferences.beta)
            return _Kto(args=arguments, ref_model=other, **common)
        case Method.DISTIL:
            teaching = recipe.teaching
            arguments = _TRL.DistillationConfig(
                **settings,
                max_completion_length=teaching.new_tokens,
                temperature=teaching.temperature,
                shuffle_dataset=False,
            )
            return _Distil(args=arguments, teacher_model=other, **common)


def _settings(recipe: Recipe, folder: Path) -> dict[str, Any]:
    optimiser, running = recipe.optimiser, recipe.running
    cuda, accelerated = torch.cuda.is_available(), torch.accelerator.is_available()
    return {
        "output_dir": str(folder),
        "seed": running.seed,
        "per_device_train_batch_size": optimiser.batch,
        "per_device_eval_batch_size": optimiser.batch,
        "gradient_accumulation_steps": optimiser.accumulate,
        "learning_rate": optimiser.learning_rate,
        "lr_scheduler_type": _SCHEDULES[optimiser.schedule],
        "warmup_steps": optimiser.warmup,
        "weight_decay": optimiser.weight_decay,
        "num_train_epochs": optimiser.epochs,
        "max_steps": optimiser.steps or -1,
        "max_grad_norm": optimiser.clip,
        "use_cpu": not accelerated,
        "bf16": computed_in(recipe) is torch.bfloat16,
        "dataloader_pin_memory": cuda,
        "gradient_checkpointing": saves_memory(recipe),
        "logging_steps": running.log_every,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": running.save_every,
        "eval_strategy": "no",
        "prediction_loss_only": True,
        "report_to": [],
        "disable_tqdm": True,
        "log_level": "error",
    }


_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
"""What transformers calls them."""


def agreeing(asked: bool) -> bool:
    """Whether any of the processes was asked: they stop together or not at all."""
    together: Any = _TORCH.distributed
    if not together.is_initialized():
        return asked
    told = torch.tensor(int(asked), device=_ACCELERATE.PartialState().device)
    together.all_reduce(told, op=together.ReduceOp.MAX)
    return bool(told.item())


def _dataset(recipe: Recipe, lessons: Lessons) -> Any:  # noqa: ANN401
    return _DATASET.from_dict(columns_of(recipe.method, lessons, recipe.optimiser.batch, recipe.running.seed))


def _settle_adapter(model: Any) -> None:  # noqa: ANN401
    """An adapter that has learned nothing changes nothing, so a copy of it as the one to compare with is in vain. And
    what moves by little steps is held in float32, which TRL takes for QLoRA's bfloat16."""
    if "ref" in getattr(model, "peft_config", {}):
        model.delete_adapter("ref")
        model.set_adapter("default")
    if hasattr(model, "peft_config"):
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
