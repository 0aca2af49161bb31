"""A fixed set of token sequences, one of which the output must be. Knows tokens only: no text, no grammar."""

from collections.abc import Sequence

import numpy as np

from demiurgic.engine.llama.context import Logits
from demiurgic.errors import UserError


class Choice:
    """Where one output stands among the sequences that it may become. Satisfies `Rule`."""

    def __init__(self, choices: Sequence[tuple[int, ...]], ends: frozenset[int]) -> None:
        if not any(choices):
            raise UserError("a choice needs at least one sequence of tokens")
        self._left, self._ends, self._at = list(choices), ends, 0

    @property
    def options(self) -> list[int]:
        """The tokens that may come next, each once. The ends are among them where a sequence is whole."""
        following = dict.fromkeys(choice[self._at] for choice in self._left if len(choice) > self._at)
        return [*following, *(sorted(self._ends) if self._whole else ())]

    def allows(self, token: int) -> bool:
        """Whether the output may go on, or end, with this token."""
        return token in self.options

    def mask(self, logits: Logits) -> None:
        """Make every token impossible that may not follow."""
        allowed = self.options
        kept = logits[allowed]
        logits.fill(-np.inf)
        logits[allowed] = kept

    def accept(self, token: int) -> None:
        """Take the token into the output. It was allowed."""
        if token not in self._ends:
            self._left = [choice for choice in self._left if len(choice) > self._at and choice[self._at] == token]
            self._at += 1

    @property
    def complete(self) -> bool:
        """Whether nothing more may follow."""
        return all(len(choice) == self._at for choice in self._left)

    @property
    def _whole(self) -> bool:
        return any(len(choice) == self._at for choice in self._left)
