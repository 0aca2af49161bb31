"""Writes a checkpoint as a GGUF file, its weights exactly as they are: in F32, tensor by tensor.

Smaller forms are made of this one by llama.cpp. No more than one tensor is in memory. The file is nobody's until it
is whole: who calls puts it in its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from demiurgic.errors import UserError, WorkError
from demiurgic_training.exporting.answers import Facts
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.layouts.layout import Layout
from demiurgic_training.exporting.vocabulary import Vocabulary, vocabulary_of

_SUFFIXES = (".weight", ".bias")
_NAMED = ("characterglm",)
_GLM = (gguf.MODEL_ARCH.CHATGLM, gguf.MODEL_ARCH.GLM4, gguf.MODEL_ARCH.GLM4_MOE)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A tensor on its way: its name in the file, its shape, and how its numbers are had."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], Any]


def write_gguf(checkpoint: Checkpoint, layout: Layout, name: str, path: Path) -> None:
    """Write the file. Raises WorkError where it cannot be written whole, and UserError for a foreign tensor."""
    vocabulary = vocabulary_of(
        checkpoint.tokenizer.native, checkpoint.config.vocab_size, glm=layout.architecture in _GLM
    )
    placed = list(_placed(checkpoint, layout))
    writer: Any = gguf.GGUFWriter(path, layout.name)
    writer.add_name(_title(name, checkpoint))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _write_facts(writer, layout.name, layout.facts(checkpoint.config))
    _write_vocabulary(writer, vocabulary)
    _write_roles(writer, checkpoint)
    for tensor in placed:
        count = int(np.prod(tensor.shape))
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), 4 * count)
    try:
        _write(writer, placed)
    except OSError as error:  # numpy tells of a full disk without a number to know it by
        raise WorkError(
            f"{path} could not be written: {error}", "make room on its disk, or choose another --out"
        ) from error


def _title(name: str, checkpoint: Checkpoint) -> str:
    """Some families are known by their name only."""
    family = checkpoint.template.family
    return f"{name} ({family})" if family in _NAMED and family not in name else name


def _write(writer: Any, placed: list[_Placed]) -> None:  # noqa: ANN401 - gguf's types are not whole
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in placed:
            writer.write_tensor_data(np.ascontiguousarray(tensor.read().float().numpy()))
    finally:
        writer.close()


def _placed(checkpoint: Checkpoint, layout: Layout) -> Iterator[_Placed]:
    config = checkpoint.config
    names = gguf.get_tensor_name_map(layout.architecture, config.num_hidden_layers)
    for name, values in layout.added(config).items():
        yield _Placed(name, tuple(values.shape), lambda values=values: values)
    for tensor in layout.joined(checkpoint.tensors(), config):
        if tensor.name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        place = names.get_name(tensor.name, try_suffixes=_SUFFIXES)
        if place is None:
            raise UserError(f"{tensor.name} has no place in a GGUF of the architecture {layout.name}")
        yield _Placed(place, tensor.shape, lambda one=tensor: layout.placed(one.name, one.read(), config))


def _write_facts(writer: Any, architecture: str, facts: Facts) -> None:  # noqa: ANN401 - gguf's types are not whole
    for key, value in facts.items():
        match value:
            case bool():
                writer.add_bool(f"{architecture}.{key}", value)
            case int():
                writer.add_uint32(f"{architecture}.{key}", value)
            case float():
                writer.add_float32(f"{architecture}.{key}", value)
            case str():
                writer.add_string(f"{architecture}.{key}", value)


def _write_vocabulary(writer: Any, vocabulary: Vocabulary) -> None:  # noqa: ANN401 - gguf's types are not whole
    writer.add_tokenizer_model(vocabulary.model)
    writer.add_tokenizer_pre(vocabulary.cutter)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.kinds)
    if vocabulary.merges:
        writer.add_token_merges(vocabulary.merges)
    if vocabulary.scores:
        writer.add_token_scores(vocabulary.scores)
        writer.add_add_space_prefix(vocabulary.blank_first)


def _write_roles(writer: Any, checkpoint: Checkpoint) -> None:  # noqa: ANN401 - gguf's types are not whole
    """What begins a text, what ends a turn, and how a conversation is written."""
    native = checkpoint.tokenizer.native
    ends = (writer.add_eos_token_id, writer.add_eot_token_id, writer.add_eom_token_id)
    for add, token in zip(ends, checkpoint.ends, strict=False):
        add(token)
    for add, token in (
        (writer.add_bos_token_id, checkpoint.first),
        (writer.add_unk_token_id, native.unk_token_id),
        (writer.add_pad_token_id, native.pad_token_id),
    ):
        if token is not None:
            add(token)
    writer.add_add_bos_token(checkpoint.tokenizer.beginning is not None)
    if checkpoint.chat_template:
        writer.add_chat_template(checkpoint.chat_template)
