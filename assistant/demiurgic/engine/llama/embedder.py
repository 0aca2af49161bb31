"""Vectors for texts: a context of its own, made when first asked for, that pools what the model thinks of a text."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from demiurgic.engine.llama.binding import lib, log
from demiurgic.engine.llama.model import Model
from demiurgic.engine.options import EngineOptions
from demiurgic.errors import ContextOverflow, EngineError, UnsupportedRequest

_LONGEST_TEXT = 2048


class Embedder:
    """Turns texts into unit vectors, one after the other. One caller at a time."""

    def __init__(self, model: Model, options: EngineOptions) -> None:
        self._model = model
        self._size = min(_LONGEST_TEXT, lib.llama_model_n_ctx_train(model.handle) or _LONGEST_TEXT)
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self._size
        params.n_threads = params.n_threads_batch = options.threads or lib.llama_context_default_params().n_threads
        params.embeddings = True
        self._handle: Any = lib.llama_init_from_model(model.handle, params)
        if self._handle and lib.llama_pooling_type(self._handle) == lib.LLAMA_POOLING_TYPE_NONE:
            # A model made to write has no pooling of its own; the mean over its tokens is the usual choice.
            lib.llama_free(self._handle)
            params.pooling_type = lib.LLAMA_POOLING_TYPE_MEAN
            self._handle = lib.llama_init_from_model(model.handle, params)
        if not self._handle:
            raise UnsupportedRequest(f"this model gives no embeddings: {log.tail()}")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length one for each text."""
        return [self._one(self._model.tokenize(text, markers=False, framed=True)) for text in texts]

    def close(self) -> None:
        """Free the context."""
        if self._handle:
            lib.llama_free(self._handle)
            self._handle = None

    def _one(self, tokens: list[int]) -> list[float]:
        tokens = tokens or [lib.llama_vocab_eos(self._model.vocab)]
        if len(tokens) > self._size:
            raise ContextOverflow(len(tokens), 0, self._size)
        memory = lib.llama_get_memory(self._handle)
        if memory:
            lib.llama_memory_clear(memory, True)
        array = (lib.llama_token * len(tokens))(*tokens)
        batch = lib.llama_batch_get_one(array, len(tokens))
        if lib.llama_decode(self._handle, batch) != 0:
            raise EngineError(f"llama.cpp could not embed a text: {log.tail()}")
        pointer = ctypes.cast(lib.llama_get_embeddings_seq(self._handle, 0), ctypes.POINTER(ctypes.c_float))
        if not pointer:
            raise UnsupportedRequest("this model gives no embeddings")
        vector = np.ctypeslib.as_array(pointer, shape=(lib.llama_model_n_embd(self._model.handle),)).astype(np.float64)
        norm = float(np.linalg.norm(vector))
        return (vector / norm if norm else vector).tolist()
