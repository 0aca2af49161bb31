"""Where the files of an export lie."""

from dataclasses import dataclass
from pathlib import Path

from demiurgic_training.exporting.wish import Quantisation


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
