"""The mask certificate: what of the rows is learned and what is not, known before the first step is paid for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from demiurgic_models.files import write_beside

BINS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
"""Longest rows of each bar of the histogram but the last, which has the rest."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the sample, learned or only read."""

    text: str
    learned: bool


@dataclass(frozen=True, slots=True)
class Portion:
    """What is known of one file's rows. `rows` are those that are used; pairs count as one, with both their answers."""

    file: str
    rows: int
    tokens: int
    learned: int
    turns: int
    """Turns of the assistant in rows that were not clipped."""
    stopped: int
    """Those of them whose stop token is learned."""
    longest: int
    """In tokens, of all rows: what `data.max_length` would have to be to take each as it is."""
    lengths: Mapping[str, int]
    """How many rows are at most so long, and longer than the key before, before any was dropped or clipped."""
    dropped: Mapping[str, int]
    """How many rows are left out, by reason."""
    clipped: int

    @property
    def share(self) -> float:
        """Which part of all tokens is learned."""
        return self.learned / self.tokens if self.tokens else 0.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a run learns. No row is without a learned token, and each turn that was not clipped ends with a stop."""

    family: str
    """Of the template that wrote the rows."""
    stops: Sequence[str]
    max_length: int
    train: Portion
    validation: Portion | None = None
    sample: Sequence[Piece] = field(default_factory=tuple[Piece, ...])
    """One row, or the beginning of it."""


def write_certificate(certificate: Certificate, path: Path) -> None:
    """Write it down as JSON. Raises OSError."""
    write_beside(path, json.dumps(asdict(certificate), ensure_ascii=False, indent=2) + "\n")


def bin_of(length: int) -> str:
    """The bar of the histogram that a row of so many tokens belongs to."""
    return next((str(most) for most in BINS if length <= most), f"over {BINS[-1]}")
