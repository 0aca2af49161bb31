"""Models of transformers, with and without their weights: the outline on no device, the base, and what moves in it."""

import warnings
from pathlib import Path
from typing import Any

from demiurgic.errors import ModelLoadError, UserError, first_line
from demiurgic_training.tuning.recipe import Adapter, Precision, Recipe, Weights


def outline(folder: Path) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    """The model that config.json describes: all its layers, none of its weights. Raises UserError."""
    import torch
    import transformers

    automatic: Any = transformers
    try:
        config = automatic.AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            return automatic.AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (ValueError, KeyError, OSError, ImportError, AttributeError) as error:
        raise UserError(
            f"{folder} is no causal language model that transformers knows by itself: {first_line(error)}",
            "code that comes with a checkpoint is never run; look for the same model in transformers' own layout",
        ) from error


def computed_in(recipe: Recipe) -> Any:  # noqa: ANN401 - a type of torch
    """The type that activations are computed in: bf16 where the device has it, if the recipe does not say."""
    import torch

    wanted = recipe.running.precision
    if wanted is Precision.AUTO:
        wanted = Precision.BF16 if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else Precision.FP32
    return torch.bfloat16 if wanted is Precision.BF16 else torch.float32


def held_in(recipe: Recipe) -> Any:  # noqa: ANN401 - a type of torch
    """The type that the base's weights are held in. Weights that move themselves need all their bits: in bf16, small
    steps would be rounded away."""
    import torch

    return torch.float32 if recipe.weights.kind is Adapter.FULL else computed_in(recipe)


def load(recipe: Recipe, folder: Path) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    """The base with its weights. Raises ModelLoadError where they are not the ones that config.json describes."""
    import transformers
    from safetensors import SafetensorError

    automatic: Any = transformers
    options: dict[str, Any] = {"dtype": held_in(recipe), "local_files_only": True, "trust_remote_code": False}
    if recipe.weights.kind is Adapter.QLORA:
        options |= _in_four_bits(recipe)
    try:
        model, told = automatic.AutoModelForCausalLM.from_pretrained(str(folder), output_loading_info=True, **options)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise ModelLoadError(f"{folder} cannot be loaded: {first_line(error)}", "fetch the checkpoint again") from error
    for what in ("missing_keys", "mismatched_keys"):
        if names := sorted(map(str, told.get(what, ()))):
            raise ModelLoadError(
                f"the weights in {folder} are not those of its config.json: {len(names)} are "
                f"{what.partition('_')[0]}, the first is {names[0]}",
                "fetch the checkpoint again, or name its own folder",
            )
    return model


def begin(recipe: Recipe, folder: Path) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    """The model of a configuration, with random weights."""
    import torch
    import transformers

    automatic: Any = transformers
    config = automatic.AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    _seed(recipe)
    return automatic.AutoModelForCausalLM.from_config(config, dtype=torch.float32, trust_remote_code=False)


def adapted(model: Any, recipe: Recipe, targets: tuple[str, ...]) -> Any:  # noqa: ANN401 - torch and peft have none
    """The same with what the recipe adds to it, so that only this moves."""
    import peft

    adapters: Any = peft
    if recipe.weights.kind is Adapter.FULL:
        return model
    _seed(recipe)
    with warnings.catch_warnings():
        # peft asks transformers for something by its old name.
        warnings.simplefilter("ignore", FutureWarning)
        return adapters.get_peft_model(model, _configuration(recipe.weights, targets))


def _seed(recipe: Recipe) -> None:
    import torch

    random: Any = torch
    random.manual_seed(recipe.running.seed)


def _configuration(weights: Weights, targets: tuple[str, ...]) -> Any:  # noqa: ANN401 - peft has no types to speak of
    import peft

    adapters: Any = peft
    if weights.kind is Adapter.PTUNING:
        return adapters.PrefixTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=weights.virtual_tokens, prefix_projection=weights.projection
        )
    return adapters.LoraConfig(
        task_type="CAUSAL_LM",
        r=weights.rank,
        lora_alpha=weights.alpha,
        lora_dropout=weights.dropout,
        target_modules=list(targets),
        use_dora=weights.kind is Adapter.DORA,
    )


def _in_four_bits(recipe: Recipe) -> dict[str, Any]:
    import accelerate  # pyright: ignore[reportMissingTypeStubs]
    import torch
    import transformers

    automatic: Any = transformers
    wanted = automatic.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=computed_in(recipe),
    )
    launched: Any = accelerate
    state = launched.PartialState()
    place = {"device_map": {"": state.local_process_index}} if torch.cuda.is_available() else {}
    return {"quantization_config": wanted, **place}
