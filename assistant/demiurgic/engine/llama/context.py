"""The memory of a model: many sequences of evaluated tokens, one batch evaluated at a time.

One thread uses it. It knows sequences by number and nothing of why they exist.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demiurgic.engine.llama.binding import AbortFlag, Handle, lib, log
from demiurgic.engine.llama.model import Model
from demiurgic.engine.options import EngineOptions
from demiurgic.errors import EngineError, ModelLoadError

Logits = NDArray[np.float32]

_PHYSICAL_BATCH = 256
"""Tokens that go through the graph at once. Its buffers grow with this times the context."""

_KV_TYPES = {"f32": lib.GGML_TYPE_F32, "f16": lib.GGML_TYPE_F16, "q8_0": lib.GGML_TYPE_Q8_0}


class Outcome(Enum):
    """What became of a batch."""

    DONE = 0
    FULL = 1
    """No room for it; nothing changed."""
    ABORTED = 2
    """Stopped half way; what part of it was evaluated is not known."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive tokens of one sequence, to be evaluated in the next batch."""

    sequence: int
    start: int
    tokens: Sequence[int]
    outputs: int
    """How many of the last ones need logits."""


class Context:
    """Evaluated tokens of up to `sequences` sequences, sharing `size` places or having as many each."""

    def __init__(self, model: Model, options: EngineOptions, size: int, sequences: int) -> None:
        self.size, self.batch_size, self.model = size, options.batch, model
        self.separate = separates(model, options)
        self.abort = AbortFlag()
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_seq_max = size * (sequences if self.separate else 1), sequences
        params.n_batch, params.n_ubatch = options.batch, min(options.batch, _PHYSICAL_BATCH)
        params.flash_attn_type = _flash_attention(options)
        params.n_threads = params.n_threads_batch = options.threads or 1
        params.type_k = params.type_v = _KV_TYPES[options.kv_type]
        params.kv_unified, params.swa_full = not self.separate, True
        params.abort_callback, params.abort_callback_data = self.abort.callback, self.abort.data
        self._handle: Any = lib.llama_init_from_model(model.handle, params)
        if not self._handle:
            raise ModelLoadError(
                f"no context of {size} tokens could be made: {log.tail()}", "choose a smaller context or free memory"
            )
        self._memory: Any = lib.llama_get_memory(self._handle)
        self._batch = _Batch(options.batch)
        self._adapters: dict[str, Any] = {}

    def decode(self, plan: Sequence[Rows]) -> Outcome:
        """Evaluate these rows together. Raises EngineError when the library cannot go on."""
        self._batch.fill(plan)
        code: int = lib.llama_decode(self._handle, self._batch.struct)
        if code in (0, 1, 2):
            return Outcome(code)
        raise EngineError(f"llama.cpp failed to evaluate a batch (code {code}): {log.tail()}")

    def logits(self, row: int) -> Logits:
        """Logits of one row of the last batch. Valid, and free to be changed, until the next one."""
        pointer = lib.llama_get_logits_ith(self._handle, row)
        if not pointer:
            raise EngineError(f"row {row} of the batch has no logits")
        return np.ctypeslib.as_array(pointer, shape=(self.model.size,))

    def use_threads(self, threads: int) -> None:
        """From the next batch on."""
        lib.llama_set_n_threads(self._handle, threads, threads)

    def use_adapters(self, adapters: Sequence[tuple[str, float]]) -> None:
        """Bend the weights by these LoRA files and no others, from the next batch on."""
        handles = [self._adapter(path) for path, _ in adapters]
        count = len(handles)
        array = (lib.llama_adapter_lora_p_ctypes * count)(*handles) if count else None
        scales = (ctypes.c_float * count)(*(scale for _, scale in adapters)) if count else None
        if lib.llama_set_adapters_lora(self._handle, array, count, scales) != 0:
            raise EngineError(f"the adapters could not be applied: {log.tail()}")

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target`, which is empty, begin with the first tokens of `source`. Free where places are shared."""
        if self.separate:  # the library's own copy is put off, and what is done to either of them meanwhile breaks it
            self.restore(self.snapshot(source), target)
            self.trim(target, length)
            return
        end = length if self.model.rewinds else -1
        lib.llama_memory_seq_cp(self._memory, source, target, 0 if self.model.rewinds else -1, end)

    def trim(self, sequence: int, length: int) -> bool:
        """Forget all but the first tokens of a sequence. False where the model's memory cannot do that."""
        return bool(lib.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def clear(self, sequence: int) -> None:
        """Forget a sequence."""
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def snapshot(self, sequence: int) -> bytes:
        """All that is known of a sequence, as bytes that `restore` takes back."""
        size: int = lib.llama_state_seq_get_size(self._handle, sequence)
        buffer = (ctypes.c_uint8 * size)()
        written: int = lib.llama_state_seq_get_data(self._handle, buffer, size, sequence)
        return bytes(memoryview(buffer)[:written])

    def restore(self, blob: bytes, sequence: int) -> bool:
        """Fill an empty sequence from a snapshot. False where there is no room or the bytes do not fit."""
        buffer = (ctypes.c_uint8 * len(blob)).from_buffer_copy(blob)
        return lib.llama_state_seq_set_data(self._handle, buffer, len(blob), sequence) == len(blob)

    def close(self) -> None:
        """Free the memory."""
        if self._handle:
            lib.llama_free(self._handle)
            self._handle = None

    def _adapter(self, path: str) -> Handle:
        if path not in self._adapters:
            handle = lib.llama_adapter_lora_init(self.model.handle, path.encode())
            if not handle:
                raise EngineError(f"{path} is no LoRA adapter for this model: {log.tail()}")
            self._adapters[path] = handle
        return self._adapters[path]


def separates(model: Model, options: EngineOptions) -> bool:
    """Whether each sequence gets places of its own."""
    return options.separate and model.rewinds


def _flash_attention(options: EngineOptions) -> int:
    """On a CPU plain attention decodes faster behind a long past, and its results do not depend on the number of
    threads, as those of flash attention do. A quantised past needs the latter, and a GPU wants it."""
    needed = options.kv_type == "q8_0" or lib.llama_supports_gpu_offload()
    return lib.LLAMA_FLASH_ATTN_TYPE_AUTO if needed else lib.LLAMA_FLASH_ATTN_TYPE_DISABLED


class _Batch:
    """A `llama_batch` over arrays of our own, filled a slice at a time instead of a field at a time."""

    def __init__(self, size: int) -> None:
        self._tokens = np.zeros(size, np.int32)
        self._positions = np.zeros(size, np.int32)
        self._counts = np.ones(size, np.int32)
        self._sequences = np.zeros(size, np.int32)
        self._pointers = self._sequences.ctypes.data + 4 * np.arange(size, dtype=np.uint64)
        self._outputs = np.zeros(size, np.int8)
        self.struct = lib.llama_batch()
        for field, array in (
            ("token", self._tokens),
            ("pos", self._positions),
            ("n_seq_id", self._counts),
            ("seq_id", self._pointers),
            ("logits", self._outputs),
        ):
            kind = dict(lib.llama_batch._fields_)[field]
            setattr(self.struct, field, ctypes.cast(array.ctypes.data, kind))

    def fill(self, plan: Sequence[Rows]) -> None:
        """Lay these rows one after the other."""
        at = 0
        for rows in plan:
            end = at + len(rows.tokens)
            self._tokens[at:end] = rows.tokens
            self._positions[at:end] = np.arange(rows.start, rows.start + len(rows.tokens))
            self._sequences[at:end] = rows.sequence
            self._outputs[at:end] = 0
            self._outputs[end - rows.outputs : end] = 1
            at = end
        self.struct.n_tokens = at
