"""What a model file says of itself: its header alone is read, nothing is loaded, no native code sees the file.

The numbers are what the file claims, made plausible; that its weights are any good is not looked into.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demiurgic_models.errors import BadModelFile
from demiurgic_models.gguf_header import Header, read_header
from demiurgic_models.gguf_tables import BLOCKS, FILE_TYPES, HOLE_ROLES, KV_BYTES, MARKERS

_OVERHEAD = 300 * 2**20
"""Buffers that hardly depend on the model."""
_LARGEST_NUMBER = 2**32


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model file says of itself."""

    path: Path
    name: str
    architecture: str
    parameters: int
    bytes: int
    quantisation: str
    """The recipe it was made by, or the type that holds most of the weights."""
    context_length: int
    """Tokens it was trained for; 0 where the file does not say."""
    layers: int
    vocabulary: int
    template: str | None
    """Its chat template, in Jinja."""
    embeds: bool
    """Whether it was made to give embeddings."""
    kv_values_per_token: int
    """Numbers kept in memory for every token of the context; 0 for recurrent models."""
    state_values: int
    """Numbers that a recurrent model keeps for each conversation, however long."""


@dataclass(frozen=True, slots=True)
class Words:
    """Tokens of a model file's vocabulary that mean something by themselves."""

    markers: Mapping[str, int]
    """Texts that are one special token each, such as `<|user|>`."""
    holes: Mapping[str, str]
    """Tokens around a hole in a text: prefix, suffix and middle. Empty where one is wanting."""


def memory_needed(card: ModelCard, context: int, kv_type: str = "f16") -> int:
    """Bytes of memory to run the model with a context of so many tokens. An estimate, on the safe side."""
    kept = int(card.kv_values_per_token * context * KV_BYTES[kv_type]) + 4 * card.state_values
    return card.bytes + kept + _OVERHEAD


def inspect(path: Path) -> ModelCard:
    """Read the header of a model file. Raises BadModelFile for anything but a whole GGUF model."""
    header = read_header(path)
    _check_is_model(header)
    facts = _Facts(header)
    return ModelCard(
        path=path,
        name=facts.text("general.name") or path.stem,
        architecture=facts.architecture,
        parameters=sum(tensor.values for tensor in header.tensors),
        bytes=header.size,
        quantisation=_quantisation(header),
        context_length=facts.number("context_length"),
        layers=facts.number("block_count"),
        vocabulary=header.vocabulary,
        template=facts.text("tokenizer.chat_template"),
        embeds=f"{facts.architecture}.pooling_type" in header.fields,
        kv_values_per_token=_kv_values(facts),
        state_values=_state_values(facts),
    )


def inspect_words(path: Path) -> Words:
    """Read its vocabulary, which takes longer than all the rest. Raises BadModelFile."""
    header = read_header(path, tokens=True)
    return Words(_markers(header), _holes(header))


def _check_is_model(header: Header) -> None:
    kind, parts = header.fields.get("general.type", "model"), header.fields.get("split.count", 0)
    if kind != "model":
        raise BadModelFile(f"{header.path} is no model but {kind!r}")
    if not header.tensors:
        raise BadModelFile(f"{header.path} holds no weights", "it may be a vocabulary only; fetch the model file")
    if isinstance(parts, int) and parts > 1:
        raise BadModelFile(
            f"{header.path} is one of {parts} parts of a model", "join them: llama-gguf-split --merge FIRST_PART OUT"
        )


class _Facts:
    """The header's fields, each of the kind that is asked for."""

    def __init__(self, header: Header) -> None:
        self._fields = header.fields
        architecture = self.text("general.architecture")
        if architecture is None:
            raise BadModelFile(f"{header.path} does not name its architecture")
        self.architecture = architecture

    def text(self, key: str) -> str | None:
        value = self._fields.get(key)
        return value if isinstance(value, str) and value else None

    def number(self, key: str, default: int = 0) -> int:
        """A number of the architecture; the largest where there is one for each layer."""
        return max(self.numbers(key), default=default)

    def numbers(self, key: str) -> list[int]:
        value = self._fields.get(f"{self.architecture}.{key}")
        items: list[object] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
        return [item for item in items if type(item) is int and 0 <= item < _LARGEST_NUMBER]


def _quantisation(header: Header) -> str:
    weights: dict[int, int] = {}
    for tensor in header.tensors:
        weights[tensor.type] = weights.get(tensor.type, 0) + tensor.bytes
    recipe = header.fields.get("general.file_type")
    known = FILE_TYPES.get(recipe) if isinstance(recipe, int) else None
    return known or BLOCKS[max(weights, key=weights.__getitem__)][0]


def _markers(header: Header) -> dict[str, int]:
    kinds = zip(header.tokens, header.token_kinds, strict=False)
    return {text: number for number, (text, kind) in enumerate(kinds) if kind in MARKERS and text.strip()}


def _holes(header: Header) -> dict[str, str]:
    known = frozenset(header.tokens)
    found: dict[str, str] = {}
    for role, (word, spellings) in HOLE_ROLES.items():
        spelled = next((text for text in spellings if text in known), None)
        token = _token(header, word) or spelled
        if token is None:
            return {}
        found[role] = token
    return found


def _token(header: Header, word: str) -> str | None:
    number = header.fields.get(f"tokenizer.ggml.{word}_token_id")
    return header.tokens[number] if type(number) is int and 0 <= number < len(header.tokens) else None


def _kv_values(facts: _Facts) -> int:
    """Keys and values of all layers. A model with latent attention keeps one compressed vector instead."""
    layers, heads = facts.number("block_count"), facts.number("attention.head_count")
    if rank := facts.number("attention.kv_lora_rank"):
        return layers * (rank + facts.number("rope.dimension_count"))
    width = facts.number("embedding_length") // heads if heads else 0
    each_layer = facts.numbers("attention.head_count_kv")
    kv_heads = sum(each_layer) if len(each_layer) > 1 else layers * (each_layer[0] if each_layer else heads)
    return kv_heads * (facts.number("attention.key_length", width) + facts.number("attention.value_length", width))


def _state_values(facts: _Facts) -> int:
    """What state-space layers remember: the state itself, and the last inputs of their convolution."""
    inner, state = facts.number("ssm.inner_size"), facts.number("ssm.state_size")
    window = max(0, facts.number("ssm.conv_kernel") - 1)
    inputs = window * (inner + 2 * facts.number("ssm.group_count") * state)
    return facts.number("block_count") * (inner * state + inputs)
