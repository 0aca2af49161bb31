"""Glm4Moe: GLM-4.5, GLM-4.6 and GLM-4.7. The matrices of a layer's experts become one tensor each.

The layer behind the last one, with which some checkpoints guess ahead, is not written: transformers leaves it out too.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial

import gguf

from demiurgic_training.checkpoints.tensors import StoredTensor
from demiurgic_training.exporting.answers import Facts
from demiurgic_training.exporting.layouts.layout import Config, Layout, Tensor

_EXPERT = re.compile(r"(model\.layers\.\d+\.mlp\.experts)\.(\d+)\.(gate_proj|up_proj|down_proj)\.weight")
_LAYER = re.compile(r"model\.layers\.(\d+)\.")


def _problem(config: Config) -> str:
    return "its experts stand in groups" if config.n_group != 1 or config.topk_group != 1 else ""


def _more(config: Config) -> Facts:
    return {
        "expert_count": config.n_routed_experts,
        "expert_used_count": config.num_experts_per_tok,
        "expert_shared_count": config.n_shared_experts,
        "expert_feed_forward_length": config.moe_intermediate_size,
        "expert_gating_func": int(gguf.ExpertGatingFuncType.SIGMOID),
        "expert_weights_scale": float(config.routed_scaling_factor),
        "expert_weights_norm": bool(config.norm_topk_prob),
        "leading_dense_block_count": config.first_k_dense_replace,
    }


def _joined(tensors: Iterable[StoredTensor], config: Config) -> Iterator[StoredTensor]:
    experts: dict[str, dict[int, StoredTensor]] = {}
    for tensor in tensors:
        layer = _LAYER.match(tensor.name)
        if layer is not None and int(layer[1]) >= config.num_hidden_layers:
            continue
        if expert := _EXPERT.fullmatch(tensor.name):
            experts.setdefault(f"{expert[1]}.{expert[3]}.weight", {})[int(expert[2])] = tensor
        elif tensor.name.endswith("e_score_correction_bias"):
            yield StoredTensor(tensor.name.replace("correction_bias", "correction.bias"), tensor.shape, tensor.read)
        else:
            yield tensor
    for name, one in experts.items():
        parts = [one[number] for number in sorted(one)]
        yield StoredTensor(name, (len(parts), *parts[0].shape), partial(_stacked, parts))


def _stacked(parts: list[StoredTensor]) -> Tensor:
    import torch

    return torch.stack([part.read() for part in parts])


LAYOUT = Layout(gguf.MODEL_ARCH.GLM4_MOE, more=_more, joined=_joined, problem=_problem)
