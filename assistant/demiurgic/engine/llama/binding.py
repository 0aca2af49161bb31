"""The door to llama.cpp: imports the binding, proves that its structs fit the library, keeps its log.

A binding whose structs have drifted from the compiled library reads and writes the wrong memory and says
nothing. So the sizes and the default values that came through the C interface are compared with what this
code was written for, once, at import.
"""

import ctypes
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any, TypeAlias

import llama_cpp
import llama_cpp.llama_cpp as _binding

from demiurgic.errors import EngineError

SUPPORTED_VERSION = "0.3.36"

Handle: TypeAlias = Any
"""A pointer or struct of llama.cpp's."""

lib: Any = _binding
"""Every function and struct of llama.h. Untyped on purpose: ctypes knows no better."""

_SIZES = {
    "llama_batch": 56,
    "llama_model_params": 80,
    "llama_context_params": 160,
    "llama_sampler_chain_params": 1,
    "llama_token_data": 12,
    "llama_token_data_array": 32,
    "llama_model_quantize_params": 64,
}
_CONTEXT_DEFAULTS = {
    "n_ctx": 512,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_seq_max": 1,
    "pooling_type": -1,
    "type_k": 1,
    "type_v": 1,
    "embeddings": False,
    "offload_kqv": True,
    "no_perf": True,
    "kv_unified": False,
}
_WARNINGS = (3, 4)
"""ggml's numbers for warnings and errors, which the binding does not name."""

_MODEL_DEFAULTS = {"split_mode": 1, "main_gpu": 0, "vocab_only": False, "check_tensors": False}


def check_binding() -> None:
    """Raise EngineError unless binding and library agree with each other and with this code."""
    if llama_cpp.__version__ != SUPPORTED_VERSION:
        raise EngineError(
            f"llama-cpp-python {llama_cpp.__version__} is installed, but this engine needs {SUPPORTED_VERSION}",
            f"pip install llama-cpp-python=={SUPPORTED_VERSION}",
        )
    wrong = [name for name, size in _SIZES.items() if ctypes.sizeof(getattr(lib, name)) != size]
    wrong += differences(lib.llama_context_default_params(), _CONTEXT_DEFAULTS)
    wrong += differences(lib.llama_model_default_params(), _MODEL_DEFAULTS)
    if wrong:
        raise EngineError(
            f"the llama.cpp library does not fit its Python binding ({', '.join(wrong)})",
            f"pip install --force-reinstall --no-cache-dir llama-cpp-python=={SUPPORTED_VERSION}",
        )


def differences(struct: Handle, expected: Mapping[str, object]) -> list[str]:
    """Names of the fields that do not hold what is expected."""
    return [name for name, value in expected.items() if getattr(struct, name) != value]


class NativeLog:
    """The last lines that llama.cpp logged. It writes nothing to the terminal."""

    def __init__(self, lines: int = 50) -> None:
        self._lines: deque[str] = deque(maxlen=lines)
        # The library keeps the pointer: the callback object must live as long as this module.
        self._callback = lib.llama_log_callback(self._keep)
        lib.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _keep(self, level: int, text: bytes, _data: object) -> None:
        if level in _WARNINGS:
            self._lines.append(text.decode("utf-8", "replace").rstrip())

    def tail(self, count: int = 3) -> str:
        """The newest warnings and errors, for an error message."""
        return " | ".join(list(self._lines)[-count:])


def _c_strlen() -> Handle:
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    return library.strlen


class AbortFlag:
    """A byte that stops a running `llama_decode` when it is set.

    llama.cpp asks a C callback between any two operations of the graph. A Python callback there would take the
    interpreter's lock a thousand times a step; `strlen` of a one-byte text answers the same question without it:
    0 (go on) while the text is empty, 1 (stop) once its first byte is set.
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)
        self.callback: Any = ctypes.cast(_c_strlen(), lib.ggml_abort_callback)
        self.data = ctypes.cast(self._text, ctypes.c_void_p)

    def set(self) -> None:
        """Stop the running decode as soon as it can."""
        self._text[0] = b"\x01"

    def clear(self) -> None:
        """Let the next decode run."""
        self._text[0] = b"\x00"


check_binding()
log = NativeLog()
lib.llama_backend_init()
