"""What is in a GGUF file, read from its header alone. Nothing is loaded and no native code sees the file.

Model files come from strangers, and the native loader ends the process over some that are malformed. So every
count, length and offset is checked against hard limits and the file's own size before it is believed, and
anything that is not a whole, plain GGUF model raises BadModelFile saying what is wrong and where.
"""

import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from demiurgic_models.errors import BadModelFile

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_TENSORS = 100_000
_MOST_FIELDS = 10_000
_MOST_ITEMS = 8_000_000
_LONGEST_KEY = 65_535
_LONGEST_TEXT = 16 * 2**20
_MOST_DIMENSIONS = 4
_KEPT_ITEMS = 1024
"""Longer lists (the vocabulary) are checked and counted, but not kept."""

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _LIST = 8, 9

_BLOCKS: Mapping[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}  # fmt: skip
"""Tensor types: name, values in a block, bytes of a block."""

_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 30: "IQ4_XS", 32: "BF16",
}  # fmt: skip
"""Names of whole-file recipes, by `general.file_type`."""

_FILL_KEYS = ("fim_pre_token_id", "fim_suf_token_id", "fim_mid_token_id")
_FILL_TEXTS = (
    "<|fim_prefix|>",
    "<fim_prefix>",
    "<fim-prefix>",
    "<|code_prefix|>",
    "<PRE>",
    "▁<PRE>",
    "<｜fim▁begin｜>",
)


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
    fills_holes: bool
    """Whether its vocabulary has tokens for filling a hole in a text."""
    embeds: bool
    """Whether it was made to give embeddings."""
    kv_values_per_token: int
    """Numbers kept in memory for every token of the context; 0 for recurrent models."""


_KV_BYTES = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32}
_OVERHEAD = 300 * 2**20
"""Buffers that hardly depend on the model."""


def memory_needed(card: ModelCard, context: int, kv_type: str = "f16") -> int:
    """Bytes of memory to run the model with a context of so many tokens. An estimate, on the safe side."""
    return card.bytes + int(card.kv_values_per_token * context * _KV_BYTES[kv_type]) + _OVERHEAD


def inspect(path: Path) -> ModelCard:
    """Read the header of a model file. Raises BadModelFile for anything but a whole GGUF model."""
    size = _regular_size(path)
    try:
        with path.open("rb") as file:
            reader = _Reader(file, path, size)
            fields, tensors = reader.read()
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}") from error
    return _card(path, size, fields, tensors)


def _regular_size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError as error:
        raise BadModelFile(f"{path} cannot be read: {error.strerror}", "check the path") from error
    if not stat.S_ISREG(status.st_mode):
        raise BadModelFile(f"{path} is not a file", "name a .gguf file")
    return status.st_size


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    values: int
    type: int
    offset: int

    @property
    def bytes(self) -> int:
        _, per_block, block = _BLOCKS[self.type]
        return self.values // per_block * block


@dataclass(frozen=True, slots=True)
class _LongList:
    """A list that was checked but not kept."""

    length: int


class _Reader:
    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self._file, self._path, self._size, self._at = file, path, size, 0
        self._sees_fill = False

    def read(self) -> tuple[dict[str, Any], list[_Tensor]]:
        if self._take(4) != _MAGIC:
            raise self._bad("it does not begin with GGUF", 0)
        version = self._number("<I")
        if version not in _VERSIONS:
            raise self._bad(f"it has version {version}; only little-endian versions 2 and 3 are known", 4)
        tensor_count, field_count = self._number("<Q"), self._number("<Q")
        if tensor_count > _MOST_TENSORS or field_count > _MOST_FIELDS:
            raise self._bad(f"it claims {tensor_count} tensors and {field_count} fields", 8)
        fields: dict[str, Any] = {}
        for _ in range(field_count):
            key = self._text(_LONGEST_KEY)
            if key in fields:
                raise self._bad(f"the field {key!r} stands twice", self._at)
            fields[key] = self._value(self._number("<I"))
        tensors = [self._tensor() for _ in range(tensor_count)]
        self._check_places(tensors, fields.get("general.alignment", 32))
        fields["\0fill"] = self._sees_fill
        return fields, tensors

    def _value(self, kind: int) -> Any:  # noqa: ANN401 - a header field is whatever it says it is
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _TEXT:
            return self._text(_LONGEST_TEXT)
        if kind == _LIST:
            return self._list()
        raise self._bad(f"it holds a value of unknown kind {kind}", self._at)

    def _list(self) -> list[Any] | _LongList:
        kind, length = self._number("<I"), self._number("<Q")
        if length > _MOST_ITEMS:
            raise self._bad(f"it claims a list of {length} items", self._at)
        if kind in _SCALARS:
            size = struct.calcsize(_SCALARS[kind])
            data = self._take(length * size)
            if length > _KEPT_ITEMS:
                return _LongList(length)
            return [item for (item,) in struct.iter_unpack(_SCALARS[kind], data)]
        if kind != _TEXT:
            raise self._bad(f"it holds a list of kind {kind}", self._at)
        items: list[str] = []
        for _ in range(length):
            text = self._text(_LONGEST_KEY)
            self._sees_fill = self._sees_fill or text in _FILL_TEXTS
            if len(items) <= _KEPT_ITEMS:
                items.append(text)
        return items if length <= _KEPT_ITEMS else _LongList(length)

    def _tensor(self) -> _Tensor:
        name = self._text(_LONGEST_KEY)
        dimensions = self._number("<I")
        if not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise self._bad(f"the tensor {name!r} has {dimensions} dimensions", self._at)
        shape = [self._number("<Q") for _ in range(dimensions)]
        values = 1
        for extent in shape:
            values *= extent
        kind, offset = self._number("<I"), self._number("<Q")
        if kind not in _BLOCKS:
            raise self._bad(f"the tensor {name!r} has the unknown type {kind}", self._at)
        if values <= 0 or shape[0] % _BLOCKS[kind][1]:
            raise self._bad(f"the tensor {name!r} has the impossible shape {shape}", self._at)
        return _Tensor(name, values, kind, offset)

    def _check_places(self, tensors: list[_Tensor], alignment: object) -> None:
        if not isinstance(alignment, int) or not 1 <= alignment <= 2**16 or alignment & (alignment - 1):
            raise self._bad(f"it has the impossible alignment {alignment!r}", self._at)
        start = -(-self._at // alignment) * alignment
        if len({tensor.name for tensor in tensors}) != len(tensors):
            raise self._bad("two tensors have the same name", self._at)
        end = 0
        for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
            if tensor.offset % alignment or tensor.offset < end:
                raise self._bad(f"the tensor {tensor.name!r} is misplaced", start + tensor.offset)
            end = tensor.offset + tensor.bytes
        if start + end > self._size:
            missing = start + end - self._size
            raise BadModelFile(
                f"{self._path} is truncated: {missing} of {start + end} bytes are missing", "fetch the file again"
            )

    def _text(self, longest: int) -> str:
        length = self._number("<Q")
        if length > longest:
            raise self._bad(f"it claims a text of {length} bytes", self._at)
        return self._take(length).decode("utf-8", "replace")

    def _number(self, layout: str) -> Any:  # noqa: ANN401 - int, float or bool, as the layout says
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _take(self, count: int) -> bytes:
        # Against the file's size first: a hostile count must not become an allocation.
        data = self._file.read(count) if count <= self._size - self._at else b""
        if len(data) != count:
            raise BadModelFile(f"{self._path} is truncated: it ends within its header", "fetch the file again")
        self._at += count
        return data

    def _bad(self, what: str, at: int) -> BadModelFile:
        return BadModelFile(f"{self._path} is not a GGUF model: {what} (byte {at})")


def _card(path: Path, size: int, fields: dict[str, Any], tensors: list[_Tensor]) -> ModelCard:
    architecture = fields.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise BadModelFile(f"{path} does not name its architecture")
    if fields.get("general.type", "model") != "model":
        raise BadModelFile(f"{path} is no model but {fields['general.type']!r}")
    if not tensors:
        raise BadModelFile(f"{path} holds no weights", "it may be a vocabulary only; fetch the model file")

    def number(key: str, default: int = 0) -> int:
        value = fields.get(f"{architecture}.{key}", default)
        if isinstance(value, list):  # some models give a number for each layer
            value = max((item for item in value if isinstance(item, int)), default=default)  # pyright: ignore[reportUnknownVariableType]
        return value if isinstance(value, int) and 0 <= value < 2**40 else default

    tokens = fields.get("tokenizer.ggml.tokens")
    template = fields.get("tokenizer.chat_template")
    weights: dict[int, int] = {}
    for tensor in tensors:
        weights[tensor.type] = weights.get(tensor.type, 0) + tensor.bytes
    main_type = _BLOCKS[max(weights, key=weights.__getitem__)][0]
    name = fields.get("general.name")
    return ModelCard(
        path=path,
        name=name if isinstance(name, str) and name else path.stem,
        architecture=architecture,
        parameters=sum(tensor.values for tensor in tensors),
        bytes=size,
        quantisation=_FILE_TYPES.get(fields.get("general.file_type", -1), main_type),
        context_length=number("context_length"),
        layers=number("block_count"),
        vocabulary=tokens.length if isinstance(tokens, _LongList) else len(tokens) if isinstance(tokens, list) else 0,  # pyright: ignore[reportUnknownArgumentType]
        template=template if isinstance(template, str) else None,
        fills_holes=bool(fields["\0fill"]) or any(f"tokenizer.ggml.{key}" in fields for key in _FILL_KEYS),
        embeds=f"{architecture}.pooling_type" in fields,
        kv_values_per_token=_kv_values(number),
    )


def _kv_values(number: Any) -> int:  # noqa: ANN401 - the reader of numbers above
    """Keys and values of all layers. A model with latent attention keeps one compressed vector instead."""
    layers, heads = number("block_count"), number("attention.head_count")
    rank = number("attention.kv_lora_rank")
    if rank:
        return layers * (rank + number("rope.dimension_count"))
    width = number("embedding_length") // heads if heads else 0
    kv_heads = number("attention.head_count_kv", heads)
    return layers * kv_heads * (number("attention.key_length", width) + number("attention.value_length", width))
