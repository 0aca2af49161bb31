"""Loaded weights and their vocabulary. Knows nothing of contexts, sequences or sampling."""

import ctypes
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demiurgic.engine.llama.binding import lib, log
from demiurgic.engine.protocol import FillTokens, ModelFacts
from demiurgic.errors import EngineError, ModelLoadError, UserError
from demiurgic_models.gguf import inspect

_SPECIAL = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED


class Model:
    """A GGUF file in memory."""

    def __init__(self, path: Path, gpu_layers: int | None = None) -> None:
        self.card = inspect(path)  # refuses what would make the native loader abort the process
        params = lib.llama_model_default_params()
        params.n_gpu_layers = (999 if gpu_layers is None else gpu_layers) if lib.llama_supports_gpu_offload() else 0
        self.path = path
        self.handle: Any = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelLoadError(f"llama.cpp could not load {path}: {log.tail()}", f"demiurgic models info {path}")
        self.vocab: Any = lib.llama_model_get_vocab(self.handle)
        self.size: int = lib.llama_vocab_n_tokens(self.vocab)
        self.rewinds = not (lib.llama_model_is_recurrent(self.handle) or lib.llama_model_is_hybrid(self.handle))
        self.ends = frozenset(token for token in range(self.size) if lib.llama_vocab_is_eog(self.vocab, token))
        self._pieces: dict[int, bytes] = {}
        self._plain: dict[int, bytes] = {}

    def facts(self, context: int) -> ModelFacts:
        """What there is to know, for a context of this size."""
        template = lib.llama_model_chat_template(self.handle, None)
        return ModelFacts(
            name=self._meta("general.name") or self.path.stem,
            fingerprint=fingerprint(self.path),
            architecture=self._meta("general.architecture"),
            parameters=lib.llama_model_n_params(self.handle),
            bytes=lib.llama_model_size(self.handle),
            context=context,
            trained_context=lib.llama_model_n_ctx_train(self.handle),
            vocabulary=self.size,
            bos=_token(lib.llama_vocab_bos(self.vocab)) if lib.llama_vocab_get_add_bos(self.vocab) else None,
            eos=_token(lib.llama_vocab_eos(self.vocab)),
            ends=self.ends,
            markers=self._markers(),
            template=template.decode("utf-8", "replace") if template else None,
            fill=self._fill_tokens(),
            rewinds=self.rewinds,
            embedding_size=lib.llama_model_n_embd(self.handle),
        )

    def tokenize(self, text: str, markers: bool = True, *, framed: bool = False) -> list[int]:
        """Tokens of the text. With `markers`, names of special tokens become those tokens; `framed`, it stands between
        the tokens with which the model expects a whole text to begin and to end."""
        data = text.encode("utf-8", "surrogatepass")
        room = len(data) + 16
        buffer = (lib.llama_token * room)()
        count: int = lib.llama_tokenize(self.vocab, data, len(data), buffer, room, framed, markers)
        if count < 0:
            raise EngineError(f"the tokenizer needs {-count} tokens for {len(data)} bytes")
        return list(buffer[:count])

    def piece(self, token: int, *, special: bool = True) -> bytes:
        """The bytes of one token; of special ones their name, or nothing."""
        known = self._pieces if special else self._plain
        if token not in known:
            known[token] = self._read_piece(token, special)
        return known[token]

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes of all these tokens, special ones by name."""
        self.check(tokens)
        return b"".join(self.piece(token) for token in tokens)

    def check(self, tokens: Sequence[int]) -> None:
        """Refuse tokens that are none: the library would read past its tables."""
        if tokens and not (min(tokens) >= 0 and max(tokens) < self.size):
            raise UserError(f"a prompt may hold tokens from 0 to {self.size - 1} only")

    def close(self) -> None:
        """Free the weights. Nothing may use them any more."""
        if self.handle:
            lib.llama_model_free(self.handle)
            self.handle = None

    def _read_piece(self, token: int, special: bool) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length: int = lib.llama_token_to_piece(self.vocab, token, buffer, 256, 0, special)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = lib.llama_token_to_piece(self.vocab, token, buffer, -length, 0, special)
        return buffer.raw[: max(length, 0)]

    def _markers(self) -> dict[str, int]:
        marked = (token for token in range(self.size) if lib.llama_vocab_get_attr(self.vocab, token) & _SPECIAL)
        names = ((self.piece(token).decode("utf-8", "replace"), token) for token in marked)
        return {name: token for name, token in names if name.strip()}

    def _fill_tokens(self) -> FillTokens | None:
        pre, suf, mid, pad, rep, sep = (
            _token(getattr(lib, f"llama_vocab_fim_{part}")(self.vocab))
            for part in ("pre", "suf", "mid", "pad", "rep", "sep")
        )
        if pre is None or suf is None or mid is None:
            return None
        return FillTokens(pre, suf, mid, pad, rep, sep)

    def _meta(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(512)
        length: int = lib.llama_model_meta_val_str(self.handle, key.encode(), buffer, 512)
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""


def _token(token: int) -> int | None:
    return token if token >= 0 else None


def fingerprint(path: Path) -> str:
    """Names a model file by its size, its header and samples of its weights, without reading gigabytes."""
    size = path.stat().st_size
    digest = hashlib.sha256(size.to_bytes(8, "little"))
    with path.open("rb") as file:
        for offset in (0, size // 4, size // 2, 3 * size // 4, max(0, size - 2**16)):
            file.seek(offset)
            digest.update(file.read(2**20 if offset == 0 else 2**16))
    return digest.hexdigest()[:32]
