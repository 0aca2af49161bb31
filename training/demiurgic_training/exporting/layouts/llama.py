"""Llama, and what has its shape. The stretched RoPE of Llama 3.1 becomes a tensor of factors."""

from collections.abc import Mapping
from typing import Any

import gguf

from demiurgic_training.exporting.layouts.layout import Config, Layout, Tensor, head_size, rope


def _factors(config: Config) -> Mapping[str, Tensor]:
    """By how much each frequency is slower than it would be unstretched."""
    turning = rope(config)
    if turning.get("rope_type") != "llama3":
        return {}
    import torch
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    functions: Any = ROPE_INIT_FUNCTIONS
    stretched, _ = functions["llama3"](config, device="cpu")
    size = head_size(config)
    plain = 1.0 / turning["rope_theta"] ** (torch.arange(0, size, 2, dtype=torch.float32) / size)
    return {"rope_freqs.weight": plain / stretched}


LAYOUT = Layout(gguf.MODEL_ARCH.LLAMA, scalings=("default", "linear", "llama3"), halves=True, added=_factors)
