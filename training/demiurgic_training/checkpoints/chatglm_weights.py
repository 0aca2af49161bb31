"""The tensors of the ChatGLM2 and ChatGLM3 layout under the names of transformers' own Glm.

Queries, keys and values are one matrix there, and three here. File by file: no more than one is in memory.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError
from demiurgic_training.checkpoints.tensors import WEIGHTS, pickled_tensors, save_tensors, stored_tensors

_NAMES = {
    "transformer.embedding.word_embeddings.weight": "model.embed_tokens.weight",
    "transformer.encoder.final_layernorm.weight": "model.norm.weight",
    "transformer.output_layer.weight": "lm_head.weight",
}
_PARTS = {
    "input_layernorm.weight": "input_layernorm.weight",
    "post_attention_layernorm.weight": "post_attention_layernorm.weight",
    "self_attention.dense.weight": "self_attn.o_proj.weight",
    "mlp.dense_h_to_4h.weight": "mlp.gate_up_proj.weight",
    "mlp.dense_4h_to_h.weight": "mlp.down_proj.weight",
}
_LAYER = re.compile(r"transformer\.encoder\.layers\.(\d+)\.(.+)")
_FUSED = re.compile(r"self_attention\.query_key_value\.(weight|bias)")
_UNUSED = "transformer.rotary_pos_emb.inv_freq"


@dataclass(frozen=True, slots=True)
class Heads:
    """How many rows of the fused matrix are queries, keys and values."""

    queries: int
    keys: int


def convert_weights(source: Path, target: Path, heads: Heads) -> None:
    """Write the tensors of one folder into another, with an index."""
    files = weight_files(source)
    placed: dict[str, str] = {}
    total = 0
    for number, file in enumerate(files, 1):
        name = f"model-{number:05}-of-{len(files):05}.safetensors"
        tensors = dict(_renamed(file, heads))
        placed |= dict.fromkeys(tensors, name)
        total += sum(tensor.nbytes for tensor in tensors.values())
        save_tensors(tensors, target / name)
    index = {"metadata": {"total_size": total}, "weight_map": placed}
    (target / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), "utf-8")


def weight_files(folder: Path) -> list[Path]:
    """Where its tensors are: safetensors before the older form."""
    for pattern in WEIGHTS:
        if files := sorted(folder.glob(pattern)):
            return files
    raise UserError(f"{folder} holds no weights", "fetch the whole checkpoint: {' or '.join(WEIGHTS)}")


def _renamed(file: Path, heads: Heads) -> Iterator[tuple[str, Any]]:
    for tensor in pickled_tensors(file) if file.suffix == ".bin" else stored_tensors(file):
        yield from _placed(tensor.name, tensor.read(), heads)


def _placed(name: str, tensor: Any, heads: Heads) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a tensor
    layer = _LAYER.fullmatch(name)
    if name == _UNUSED:
        return
    if layer is None:
        yield _known(_NAMES, name, name), tensor.contiguous()
        return
    prefix, part = f"model.layers.{layer[1]}.", layer[2]
    if fused := _FUSED.fullmatch(part):
        rows = tensor.split([heads.queries, heads.keys, heads.keys])
        yield from (
            (f"{prefix}self_attn.{one}_proj.{fused[1]}", row.clone()) for one, row in zip("qkv", rows, strict=True)
        )
        return
    yield prefix + _known(_PARTS, part, name), tensor.contiguous()


def _known(names: dict[str, str], part: str, name: str) -> str:
    if part not in names:
        raise UserError(f"the checkpoint holds {name}, which ChatGLM2 and ChatGLM3 do not have")
    return names[part]
