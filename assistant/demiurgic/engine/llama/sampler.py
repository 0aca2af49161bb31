"""Choosing one token from logits, as a request wishes. Knows nothing of grammars, text or sequences."""

import ctypes
import math
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demiurgic.engine.llama.binding import Handle, lib
from demiurgic.engine.llama.context import Logits
from demiurgic.engine.protocol import Sampling, TokenScore
from demiurgic.errors import UserError

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Candidates:
    """Room for one token choice, shared by all samplers of an engine."""

    def __init__(self, vocabulary: int) -> None:
        self._ids = np.arange(vocabulary, dtype=np.int32)
        self._table: NDArray[Any] = np.zeros(vocabulary, _CANDIDATE)
        cast: Any = ctypes.cast
        pointer = cast(self._table.ctypes.data, ctypes.POINTER(lib.llama_token_data))
        self._array = lib.llama_token_data_array(pointer, vocabulary, -1, False)

    def choose(self, chain: Handle, logits: Logits) -> int:
        """What the chain picks. The chain's memory of earlier tokens is left as it is."""
        self._table["id"] = self._ids
        self._table["logit"] = logits
        self._array.size, self._array.selected, self._array.sorted = len(self._ids), -1, False
        lib.llama_sampler_apply(chain, ctypes.byref(self._array))
        return int(self._table["id"][self._array.selected])


class Sampler:
    """One request's way of choosing. `pick` proposes, `accept` makes it part of the past."""

    def __init__(self, sampling: Sampling, candidates: Candidates, vocabulary: int) -> None:
        check(sampling, vocabulary)
        self._candidates = candidates
        self._chain = None if _is_plain_greedy(sampling) else _build_chain(sampling, vocabulary)

    def pick(self, logits: Logits) -> int:
        """The token this sampler would take now."""
        if self._chain is None:
            return int(logits.argmax())
        return self._candidates.choose(self._chain, logits)

    def accept(self, token: int) -> None:
        """Remember the token, for penalties."""
        if self._chain is not None:
            lib.llama_sampler_accept(self._chain, token)

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None


def score(logits: Logits, token: int, rivals: int, among: Sequence[int] | None = None) -> TokenScore:
    """The token's log-probability under these logits, with the likeliest tokens at its place, or those `among`."""
    peak = float(logits.max())
    total = peak + float(np.log(np.exp(logits - peak).sum(dtype=np.float64)))
    if among is not None:
        return TokenScore(token, float(logits[token]) - total, tuple((t, float(logits[t]) - total) for t in among))
    if not rivals:
        return TokenScore(token, float(logits[token]) - total)
    best = np.argpartition(logits, -rivals)[-rivals:]
    best = best[np.argsort(-logits[best], kind="stable")]
    return TokenScore(token, float(logits[token]) - total, tuple((int(t), float(logits[t]) - total) for t in best))


def check(sampling: Sampling, vocabulary: int) -> None:
    """Refuse numbers that mean nothing, before native code sees them."""
    wrong = [
        name
        for name, fine in (
            ("temperature", 0 <= sampling.temperature <= 100),
            ("top_k", sampling.top_k >= 0),
            ("top_p", 0 < sampling.top_p <= 1),
            ("min_p", 0 <= sampling.min_p <= 1),
            ("repeat_penalty", 0 < sampling.repeat_penalty <= 100),
            ("frequency_penalty", -100 <= sampling.frequency_penalty <= 100),
            ("presence_penalty", -100 <= sampling.presence_penalty <= 100),
            ("penalty_window", 0 <= sampling.penalty_window <= 2**16),
            ("bias", all(0 <= token < vocabulary and math.isfinite(value) for token, value in sampling.bias)),
        )
        if not fine
    ]
    if wrong:
        raise UserError(f"sampling value out of range: {', '.join(wrong)}")


def _penalises(sampling: Sampling) -> bool:
    return sampling.repeat_penalty != 1 or bool(sampling.frequency_penalty) or bool(sampling.presence_penalty)


def _is_plain_greedy(sampling: Sampling) -> bool:
    return sampling.temperature == 0 and not sampling.bias and not _penalises(sampling)


def _build_chain(sampling: Sampling, vocabulary: int) -> Handle:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for link in _links(sampling, vocabulary):
        lib.llama_sampler_chain_add(chain, link)
    return chain


def _links(sampling: Sampling, vocabulary: int) -> list[Handle]:
    links: list[Handle] = []
    if sampling.bias:
        array = (lib.llama_logit_bias * len(sampling.bias))(*sampling.bias)
        links.append(lib.llama_sampler_init_logit_bias(vocabulary, len(sampling.bias), array))
    if _penalises(sampling):
        links.append(
            lib.llama_sampler_init_penalties(
                vocabulary,
                sampling.penalty_window,
                sampling.repeat_penalty,
                sampling.frequency_penalty,
                sampling.presence_penalty,
            )
        )
    if sampling.temperature == 0:
        return [*links, lib.llama_sampler_init_greedy()]
    if sampling.top_k:
        links.append(lib.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        links.append(lib.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p:
        links.append(lib.llama_sampler_init_min_p(sampling.min_p, 1))
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed & 0xFFFFFFFF
    return [*links, lib.llama_sampler_init_temp(sampling.temperature), lib.llama_sampler_init_dist(seed)]
