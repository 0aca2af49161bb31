"""Grammars that the output must satisfy, through llguidance.

A sampled token is checked first, which costs microseconds; only when it is refused are all tokens masked and the
choice made again. Both together choose exactly as a mask before every choice would, and a model that is right
is not slowed down. llama.cpp's own grammars are not used: an error in them ends the process.
"""

import ctypes
from typing import Any

import llguidance
import llguidance.numpy as masks
import numpy as np

from demiurgic.engine.llama.binding import lib
from demiurgic.engine.llama.context import Logits
from demiurgic.engine.llama.model import Model
from demiurgic.errors import BadSchema, EngineError


class GrammarTokens:
    """The vocabulary as llguidance wants it. Takes most of a second to build, so it is built once a model."""

    def __init__(self, model: Model) -> None:
        self.size = model.size
        self.ends = model.ends
        # llguidance asks llama.cpp itself how text is cut into tokens.
        tokenize = ctypes.cast(lib._lib.llama_tokenize, ctypes.c_void_p)
        make: Any = llguidance.LLTokenizer
        self.native: Any = make.from_llamacpp(
            tokens=[_spelling(model, token) for token in range(model.size)],
            vocab_ptr=model.vocab,
            tokenize_fptr=tokenize.value,
            eos_token=sorted(model.ends),
            slices=None,
        )


def _spelling(model: Model, token: int) -> bytes:
    """The token's bytes; a leading 0xFF tells llguidance that it is special and never part of ordinary text."""
    piece = model.piece(token)
    attributes = lib.llama_vocab_get_attr(model.vocab, token)
    tag = attributes & lib.LLAMA_TOKEN_ATTR_USER_DEFINED and piece.startswith(b"<") and piece.endswith(b">")
    return b"\xff" + piece if tag or attributes & lib.LLAMA_TOKEN_ATTR_CONTROL else piece


class Constraint:
    """Where one output stands in its grammar."""

    def __init__(self, tokens: GrammarTokens, grammar: str) -> None:
        self._matcher: Any = llguidance.LLMatcher(tokens.native, grammar, log_level=0)
        if self._matcher.is_error():
            raise BadSchema(f"the grammar cannot be enforced: {self._matcher.get_error().splitlines()[0]}")
        self._ends = tokens.ends
        self._bits = masks.allocate_token_bitmask(1, tokens.size)

    def allows(self, token: int) -> bool:
        """Whether the output may go on with this token. A turn may end only where the grammar is satisfied."""
        if token in self._ends:
            return bool(self._matcher.is_accepting())
        return self._matcher.validate_tokens([token]) == 1

    def mask(self, logits: Logits) -> None:
        """Make every token impossible that may not follow."""
        masks.fill_next_token_bitmask(self._matcher, self._bits)
        self._raise_error()
        allowed = np.unpackbits(self._bits[0].view(np.uint8), bitorder="little")[: len(logits)].astype(bool)
        accepting = bool(self._matcher.is_accepting())
        allowed[list(self._ends)] = accepting
        if not allowed.any():
            raise EngineError("no token satisfies the grammar here")
        logits[~allowed] = -np.inf

    def accept(self, token: int) -> None:
        """Take the token into the output. It was allowed."""
        if token not in self._ends and not self._matcher.consume_token(token):
            self._raise_error()

    @property
    def complete(self) -> bool:
        """Whether nothing more may follow."""
        return bool(self._matcher.is_stopped())

    def _raise_error(self) -> None:
        if self._matcher.is_error():
            raise EngineError(f"the grammar could not be followed: {self._matcher.get_error().splitlines()[0]}")
