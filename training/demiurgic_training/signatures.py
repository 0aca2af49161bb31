"""By what rows are known to be the same, or nearly so: a digest of their words, and a MinHash of what stands together.

Instructions above a conversation do not count: rows of one task share them.
"""

import zlib
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from demiurgic.messages import Assistant, Message, System
from demiurgic.messages_json import json_bytes
from demiurgic_training.rows import Row
from demiurgic_training.words import tokens

PERMUTATIONS = 128
_TOGETHER = 5
"""How many words, numbers and signs make one element of the set that is compared."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What is compared of a row."""

    exact: bytes
    """The same for rows that differ in nothing but blanks and capitals."""
    near: bytes
    """128 numbers of four bytes. Two rows have as many in common as they are alike."""


class Signing:
    """Signs rows, one after another."""

    def __init__(self) -> None:
        from datasketch import MinHash  # pyright: ignore[reportMissingTypeStubs]

        self._base: Any = MinHash(PERMUTATIONS, hashfunc=zlib.crc32)

    def __call__(self, row: Row) -> Signature:
        """The signature of a row."""
        said = [_said(message) for message in row.messages if not isinstance(message, System)]
        exact = blake2b("\x00".join("".join(text.casefold().split()) for text in said).encode("utf-8", "replace"))
        spoken = tokens("\n".join(said))
        count = max(1, len(spoken) - _TOGETHER + 1)
        sketch = self._base.copy()
        sketch.update_batch({" ".join(spoken[at : at + _TOGETHER]).encode("utf-8", "replace") for at in range(count)})
        return Signature(exact.digest()[:8], sketch.hashvalues.tobytes())


def _said(message: Message) -> str:
    calls = message.calls if isinstance(message, Assistant) else ()
    made = (f"{call.name} {json_bytes(call.arguments).decode()}" for call in calls)
    return "\n".join((f"{message.role}:{message.text}", *made))
