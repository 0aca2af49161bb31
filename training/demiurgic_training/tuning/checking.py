"""What a recipe's values must be to each other. Each alone is checked where it is read."""

from demiurgic.errors import UserError
from demiurgic_training.tuning.recipe import Adapter, Method, Recipe

SCRATCH = "scratch:"
"""Before a folder that holds a configuration and a tokenizer: its model begins with random weights."""


def check(recipe: Recipe) -> None:
    """Raises UserError for a recipe that cannot be meant."""
    kind, method = recipe.weights.kind, recipe.method
    if not recipe.model:
        raise UserError("the recipe names no model", "model: FOLDER or its name on the hub")
    if method is Method.DISTIL and not recipe.teaching.teacher:
        raise UserError("distillation has no teacher", "say teaching.teacher: a larger model of the same vocabulary")
    if method is Method.DISTIL and kind is Adapter.PTUNING:
        raise UserError("P-tuning v2 cannot learn from a teacher", "weights.kind=lora")
    if method is Method.KTO and recipe.optimiser.batch < 2:
        raise UserError("KTO compares the answers of a batch, which needs two at least", "optimiser.batch=2")
    if recipe.model.startswith(SCRATCH) and kind is not Adapter.FULL:
        raise UserError(f"an adapter ({kind}) on random weights teaches nothing", "say weights.kind: full")
    if kind in (Adapter.LORA, Adapter.DORA, Adapter.QLORA) and not recipe.weights.targets:
        raise UserError("the adapter is added to no layers", "say weights.targets: all-linear")
    if recipe.running.sample_every is not None and not recipe.running.samples:
        raise UserError("samples are wanted, but no questions for them", "say running.samples: [a question]")
    if recipe.data.validation is not None and recipe.data.validation == recipe.data.train:
        raise UserError("the validation rows are those that are learned", "split them: demiurgic data split FILE")


def cautions(recipe: Recipe) -> tuple[str, ...]:
    """What the user should know before the first step is paid for."""
    said: list[str] = []
    if recipe.weights.kind is Adapter.PTUNING:
        said.append(
            "P-tuning v2 learns keys and values in front of the prompt. They cannot be merged into the weights, and no "
            "GGUF can hold them: this run cannot be exported. LoRA (weights.kind=lora) can."
        )
        if recipe.running.save_memory:
            said.append("P-tuning v2 cannot compute activations twice: running.save_memory has no effect.")
    return tuple(said)


def saves_memory(recipe: Recipe) -> bool:
    """Whether activations are computed twice instead of being kept. Learned keys and values do not survive that."""
    return recipe.running.save_memory and recipe.weights.kind is not Adapter.PTUNING
