"""Where the files of an export lie, and whether there is room for them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import DiskFull
from demiurgic_training.exporting.wish import Quantisation

_BITS = {
    Quantisation.F32: 0.0,  # the exact file, which is counted anyway
    Quantisation.F16: 16.0,
    Quantisation.BF16: 16.0,
    Quantisation.Q8_0: 8.5,
    Quantisation.Q6_K: 6.6,
    Quantisation.Q5_K_M: 5.7,
    Quantisation.Q4_K_M: 4.9,
    Quantisation.Q4_0: 4.6,
}
_EXACT = 32.0


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one export, below one folder."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        """The proof."""
        return self.folder / f"{self.name}.certificate.json"

    @property
    def failed(self) -> Path:
        """The proof of the contrary."""
        return self.folder / f"{self.name}.failed.json"

    @property
    def card(self) -> Path:
        """What the model is, for people."""
        return self.folder / f"{self.name}.md"

    @property
    def modelfile(self) -> Path:
        """What it is, for Ollama."""
        return self.folder / f"{self.name}.Modelfile"

    def file(self, form: Quantisation) -> Path:
        """The weights in this form."""
        return self.folder / f"{self.name}-{form}.gguf"


def check_room(folder: Path, parameters: int, forms: tuple[Quantisation, ...]) -> None:
    """Raises DiskFull where an export of so many parameters cannot fit."""
    needed = parameters * (_EXACT + sum(_BITS[form] for form in forms)) / 8
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFull(
            f"exporting needs {needed / 1e9:.1f} GB below {folder}, and {free / 1e9:.1f} GB are free",
            "make room, or name a folder on another disk: --out DIR",
        )
