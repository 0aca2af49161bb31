"""The student: its weights in the right precision with what moves added to them, its tokenizer and its template.

Any causal language model that transformers knows by itself. What can be wrong is found before weights are read: a
folder without a checkpoint, targets that match nothing, a tokenizer of another model, rows that it cannot hold.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from demiurgic.errors import MissingExtra, UserError, first_line
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.protocol import Template
from demiurgic_training.checkpoints.naming import called
from demiurgic_training.tuning.checking import SCRATCH
from demiurgic_training.tuning.recipe import Adapter, Recipe
from demiurgic_training.tuning.sources import described, native
from demiurgic_training.tuning.targets import check_targets
from demiurgic_training.tuning.weights import adapted, begin, load, outline


@dataclass(frozen=True, slots=True)
class Student:
    """Who learns. `model` is on no device where its weights were not wanted; `tokenizer` is transformers' own."""

    model: Any
    tokenizer: Any
    template: Template
    folder: Path
    """Where its base is on this machine, in transformers' own layout."""
    targets: tuple[str, ...] = ()
    """Names of the layers that its adapter is added to."""


def open_student(recipe: Recipe, *, weights: bool = True) -> Student:
    """The student of a recipe, with the adapter added; without weights, only its outline. Raises UserError for what
    cannot be taught so, WorkError where it cannot be had."""
    if not weights:
        with described(recipe.model) as folder:
            return _outlined(recipe, folder)
    student = _outlined(recipe, native(recipe.model))
    base = begin(recipe, student.folder) if recipe.model.startswith(SCRATCH) else load(recipe, student.folder)
    return replace(student, model=adapted(base, recipe, student.targets))


def _outlined(recipe: Recipe, folder: Path) -> Student:
    """The student without weights, checked."""
    model = outline(folder)
    tokenizer = _tokenizer(folder)
    _check_tokenizer(tokenizer, model, recipe)
    _check_room(model, recipe)
    template = CheckpointTokenizer(tokenizer).template(model.config, _name(recipe), folder)
    return Student(model, tokenizer, template, folder, _targets(model, recipe))


def _targets(model: Any, recipe: Recipe) -> tuple[str, ...]:  # noqa: ANN401 - transformers has no types to speak of
    if recipe.weights.kind in (Adapter.FULL, Adapter.PTUNING):
        return ()
    return check_targets(model, recipe.weights.targets, recipe.model)


def _tokenizer(folder: Path) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    try:
        import transformers
    except ImportError as error:
        raise MissingExtra("transformers, which runs checkpoints,", "train") from error
    automatic: Any = transformers
    try:
        tokenizer = automatic.AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise UserError(f"{folder} has no tokenizer that can be read: {first_line(error)}") from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _check_tokenizer(tokenizer: Any, model: Any, recipe: Recipe) -> None:  # noqa: ANN401 - as above
    rooms = model.get_input_embeddings().weight.shape[0]
    highest = max(tokenizer.get_vocab().values())
    if highest >= rooms:
        raise UserError(
            f"{recipe.model} has room for {rooms} tokens, but its tokenizer writes number {highest}: "
            "it is another model's",
            "copy the tokenizer's files from the model's own checkpoint",
        )


def _check_room(model: Any, recipe: Recipe) -> None:  # noqa: ANN401 - as above
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or recipe.data.max_length
    prefix = recipe.weights.virtual_tokens if recipe.weights.kind is Adapter.PTUNING else 0
    if recipe.data.max_length + prefix > context:
        raise UserError(
            f"{recipe.model} reads {context} tokens at most, and rows may have {recipe.data.max_length + prefix}",
            f"data.max_length={context - prefix}",
        )


def _name(recipe: Recipe) -> str:
    """What the model is called: a family may be told by it."""
    return Path(called(recipe.model.removeprefix(SCRATCH))).name
