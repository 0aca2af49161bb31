"""What a layout says: the numbers of a file's header, and how a tensor's rows are turned on their way into it.

The certificate reads the same numbers back out of the file that was made, so they are facts of the config here and
nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import gguf

from demiurgic.errors import UserError
from demiurgic_training.checkpoints.tensors import StoredTensor
from demiurgic_training.exporting.answers import Facts

Config: TypeAlias = Any
"""A config of transformers."""
Tensor: TypeAlias = Any
"""A tensor of torch."""


def _no_more(_: Config) -> Mapping[str, Tensor]:
    return {}


def _nothing(_: Config) -> Facts:
    return {}


def _as_they_are(tensors: Iterable[StoredTensor], _: Config) -> Iterable[StoredTensor]:
    return tensors


def _no_problem(_: Config) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One architecture. `halves`: transformers rotates the halves of a head against each other and llama.cpp takes
    neighbours, so rows of queries and keys change places. `added`: tensors that the config stands for. `more`: numbers
    that others do not have. `joined`: the checkpoint's tensors as the file divides them. `problem`: why a config cannot
    be written, if it cannot."""

    architecture: gguf.MODEL_ARCH
    scalings: tuple[str, ...] = ("default",)
    """Kinds of RoPE that it can have."""
    halves: bool = False
    added: Callable[[Config], Mapping[str, Tensor]] = _no_more
    more: Callable[[Config], Facts] = _nothing
    joined: Callable[[Iterable[StoredTensor], Config], Iterable[StoredTensor]] = _as_they_are
    problem: Callable[[Config], str] = _no_problem

    @property
    def name(self) -> str:
        """What GGUF calls it."""
        return gguf.MODEL_ARCH_NAMES[self.architecture]

    def check(self, config: Config) -> None:
        """Raises UserError for a config that would come out as another model."""
        kind = rope(config).get("rope_type", "default")
        if kind not in self.scalings:
            raise UserError(f"a {config.model_type} with RoPE of the kind {kind} cannot be exported")
        if config.hidden_act != "silu":
            raise UserError(f"a {config.model_type} with the activation {config.hidden_act} cannot be exported")
        if problem := self.problem(config):
            raise UserError(f"this {config.model_type} cannot be exported: {problem}")

    def facts(self, config: Config) -> Facts:
        """The numbers of the header."""
        head, turning = head_size(config), rope(config)
        facts: Facts = {
            "context_length": config.max_position_embeddings,
            "embedding_length": config.hidden_size,
            "feed_forward_length": config.intermediate_size,
            "block_count": config.num_hidden_layers,
            "attention.head_count": config.num_attention_heads,
            "attention.head_count_kv": config.num_key_value_heads,
            "attention.key_length": head,
            "attention.value_length": head,
            "attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
            "rope.freq_base": float(turning["rope_theta"]),
            "rope.dimension_count": int(head * turning.get("partial_rotary_factor", 1.0)),
            "vocab_size": config.vocab_size,
        }
        if turning.get("rope_type") == "linear":
            facts |= {"rope.scaling.type": "linear", "rope.scaling.factor": float(turning["factor"])}
        return facts | self.more(config)

    def placed(self, name: str, tensor: Tensor, config: Config) -> Tensor:
        """The tensor as it stands in the file."""
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        part = name.split(".")[-2]
        if not self.halves or part not in heads:
            return tensor
        rows, rest = tensor.shape[0] // heads[part] // 2, tensor.shape[1:]
        return tensor.reshape(heads[part], 2, rows, *rest).swapaxes(1, 2).reshape(tensor.shape)


def rope(config: Config) -> Mapping[str, Any]:
    """How positions are turned."""
    return config.rope_parameters


def head_size(config: Config) -> int:
    """Numbers in one head."""
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
