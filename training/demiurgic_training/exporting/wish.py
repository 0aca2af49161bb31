"""What is asked of an export, and what it gives."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Quantisation(StrEnum):
    """Forms of a GGUF's weights, exact first."""

    F32 = "F32"
    F16 = "F16"
    BF16 = "BF16"
    Q8_0 = "Q8_0"
    Q6_K = "Q6_K"
    Q5_K_M = "Q5_K_M"
    Q4_K_M = "Q4_K_M"
    Q4_0 = "Q4_0"


@dataclass(frozen=True, slots=True)
class Wish:
    """One export: a run or a checkpoint, the forms wanted, and the name it is known by afterwards."""

    source: Path
    """Folder of a run, of a checkpoint, or of an adapter."""
    quantisations: tuple[Quantisation, ...]
    out: Path
    name: str
    register: bool = True
    """Make `--model NAME` (the first form) and `--model NAME-q8_0` (any other) work."""
    force: bool = False
    """Keep and register what failed its certificate; the card says so."""
    registry: Path | None = None
    """The registry file of the user's own that learns the names; none: the one that their settings name."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of an export. `agrees`: the parity certificate found nothing wrong; without `force`, nothing else is
    ever put in its place."""

    files: dict[Quantisation, Path]
    certificate: Path
    card: Path
    modelfile: Path
    names: tuple[str, ...]
    """Under which they were registered."""
    agrees: bool
