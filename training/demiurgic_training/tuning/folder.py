"""The folder of a run: what lies where. Everybody who looks at a run, the studio and the export too, looks here."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's files. None of them is promised to exist yet."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe with all that was overridden: `demiurgic train` takes it as it is."""
        return self.path / "recipe.yaml"

    @property
    def certificate(self) -> Path:
        """What is learned and what is not, written before the first step."""
        return self.path / "mask-certificate.json"

    @property
    def log(self) -> Path:
        """One event a line (events.py), as it happens. A resumed run goes on in the same file."""
        return self.path / "log.jsonl"

    @property
    def state(self) -> Path:
        """How the run stands, in one small file that is never half there (events.py, `Standing`)."""
        return self.path / "state.json"

    @property
    def checkpoints(self) -> Path:
        """Folders checkpoint-N from which a run can go on."""
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """Curves for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def model(self) -> Path:
        """What came out: a whole checkpoint, or an adapter that names its base. There only once the run is done."""
        return self.path / "model"

    @property
    def merged(self) -> Path:
        """The same as one whole checkpoint, made by the export."""
        return self.path / "merged"

    @property
    def exports(self) -> Path:
        """GGUF files, each with its certificate, card and Modelfile."""
        return self.path / "export"
