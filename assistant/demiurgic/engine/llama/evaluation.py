"""Raw scores of a model file, to compare it with what it was made from. For measuring, not for chatting.

The past is kept in F32 and nothing is left to a GPU, so that nothing is rounded but what the file itself has rounded.
One sequence at a time, in the process that calls.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from demiurgic.engine.llama.context import Context, Outcome, Rows
from demiurgic.engine.llama.model import Model
from demiurgic.engine.options import EngineOptions
from demiurgic.errors import ContextOverflow, EngineError

_BATCH = 256


class Evaluator:
    """A model file that tells the score of every token behind every place of a text."""

    def __init__(self, path: Path, context: int, threads: int = 1) -> None:
        self.model = Model(path, 0)
        self._size = context
        options = EngineOptions(batch=min(_BATCH, context), kv_type="f32", threads=threads)
        self._context = Context(self.model, options, context, 1)

    def scores(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """A row for each token: the logits of what follows it."""
        self._begin(tokens, 0)
        return np.concatenate([self._read(tokens[at : at + _BATCH], at) for at in range(0, len(tokens), _BATCH)])

    def greedy(self, tokens: Sequence[int], count: int) -> list[int]:
        """The likeliest continuation by so many tokens, evaluated one by one and not ended by anything."""
        self._begin(tokens, count)
        parts = [self._read(tokens[at : at + _BATCH], at) for at in range(0, len(tokens), _BATCH)]
        chosen = [int(np.argmax(parts[-1][-1]))]
        for at in range(len(tokens), len(tokens) + count - 1):
            chosen.append(int(np.argmax(self._read(chosen[-1:], at)[-1])))
        return chosen[:count]

    def close(self) -> None:
        """Free the model."""
        self._context.close()
        self.model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, tokens: Sequence[int], count: int) -> None:
        self.model.check(tokens)
        if not tokens:
            raise EngineError("nothing can be evaluated behind no token at all")
        if len(tokens) + count > self._size:
            raise ContextOverflow(len(tokens), count, self._size)
        self._context.clear(0)

    def _read(self, tokens: Sequence[int], start: int) -> NDArray[np.float32]:
        outcome = self._context.decode([Rows(0, start, tokens, len(tokens))])
        if outcome is not Outcome.DONE:
            raise EngineError(f"{len(tokens)} tokens could not be evaluated: {outcome.name.lower()}")
        return np.stack([self._context.logits(row) for row in range(len(tokens))])
