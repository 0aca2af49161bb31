"""What a local model wrote, remembered as the very tokens it wrote.

Knows nothing of templates and engines. An entry is found by all tokens that stood before it and by the message they
became, so it fits only where it was written: another system prompt, other tools or another way of thinking make
another place, and there the text is tokenised like any other.
"""

import hashlib
import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence

from demiurgic.messages import Assistant

_REMEMBERED = 512


class Transcript:
    """The latest turns, the least used forgotten first. May be used from any thread."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._turns: OrderedDict[bytes, tuple[int, ...]] = OrderedDict()

    def remember(self, place: "Place", message: Assistant, tokens: Sequence[int]) -> None:
        """Keep what was written there."""
        with self._lock:
            self._turns[place.key(message)] = tuple(tokens)
            if len(self._turns) > self._most:
                self._turns.popitem(last=False)

    def recall(self, place: "Place", message: Assistant) -> tuple[int, ...] | None:
        """The tokens that were written there and became this message."""
        key = place.key(message)
        with self._lock:
            if key in self._turns:
                self._turns.move_to_end(key)
            return self._turns.get(key)


class Place:
    """A point in a prompt: a running digest of all tokens before it."""

    def __init__(self, tokens: Sequence[int] = ()) -> None:
        self._digest = hashlib.sha256()
        self.move(tokens)

    def move(self, tokens: Sequence[int]) -> None:
        """Go on behind these tokens."""
        self._digest.update(array("q", tokens).tobytes())

    def key(self, message: Assistant) -> bytes:
        """Names a message at this point."""
        digest = self._digest.copy()
        digest.update(repr(message).encode("utf-8", "surrogatepass"))
        return digest.digest()
