"""Vectors for texts, one after the other.

An engine cannot be stopped within a text, so whoever cancels waits until the one under way is done.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from demiurgic.engine.protocol import Engine


@dataclass(frozen=True, slots=True)
class Embedded:
    """The next text's vector, of length one, and how many tokens the text has."""

    vector: Sequence[float]
    tokens: int


@dataclass(slots=True)
class Embedding:
    """A request for the vectors of some texts. Satisfies `Source`. Iterating raises UnsupportedRequest where the model
    gives no vectors, and ContextOverflow at a text that is too long for one."""

    engine: Engine
    texts: Sequence[str]
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Embedded]:
        for text in self.texts:
            if self._cancelled.is_set():
                return
            (vector,) = self.engine.embed((text,))
            yield Embedded(vector, len(self.engine.tokenize(text)))

    def cancel(self) -> None:
        """Begin no further text."""
        self._cancelled.set()
