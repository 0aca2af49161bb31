"""What an export is made of: a run, a checkpoint or an adapter, and the base that an adapter needs.

Nothing is fetched: what is named must be on this machine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from demiurgic.errors import UserError
from demiurgic.templates import checkpoint
from demiurgic.templates.checkpoint import ADAPTER, read_adapter
from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.checkpoints.naming import called
from demiurgic_training.tuning.folder import RunFolder

CONFIG = "config.json"
_LEVELS = 2
"""How far above a checkpoint its run's folder may be."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was learned: whole weights, or an adapter. `run` is where it was learned, if that is known."""

    learned: Path
    run: RunFolder | None

    @property
    def is_adapter(self) -> bool:
        """Whether it says only what is to be added to a base."""
        return (self.learned / ADAPTER).is_file()

    @property
    def ended(self) -> bool:
        """Whether it is what its run came to."""
        return self.run is not None and self.learned.resolve() == self.run.model.resolve()


def find_source(path: Path) -> Source:
    """What lies in this folder. Raises UserError."""
    if not path.is_dir():
        raise UserError(f"there is no folder {path}", "name the folder of a run, of a checkpoint or of an adapter")
    if _holds_model(path):
        return Source(path, _run_above(path))
    run = RunFolder(path)
    if _holds_model(run.model):
        return Source(run.model, run)
    if run.recipe.is_file():
        raise UserError(f"the run in {path} has not ended", f"demiurgic train {run.recipe} --resume")
    raise UserError(
        f"{path} holds no run, no checkpoint and no adapter",
        "name a folder with recipe.yaml, config.json or adapter_config.json",
    )


def base_of(adapter: Path) -> Path:
    """The checkpoint that an adapter was taught on, in transformers' own layout. Raises UserError where it is not on
    this machine."""
    return native_checkpoint(checkpoint.base_of(adapter))


def base_name(source: Source) -> str:
    """What it was taught from, as it was named there."""
    if source.run is not None and source.run.recipe.is_file():
        return called(read_recipe(source.run)["model"])
    if source.is_adapter:
        return called(str(read_adapter(source.learned).get("base_model_name_or_path")))
    return called(str(source.learned))


def read_recipe(run: RunFolder) -> dict[str, Any]:
    """What the run was told to do, as it stands in its file."""
    import yaml

    try:
        held: Any = yaml.safe_load(run.recipe.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{run.recipe} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(held, dict) or not {"model", "data"} <= held.keys():
        raise UserError(f"{run.recipe} is no recipe")
    return cast("dict[str, Any]", held)


def _holds_model(path: Path) -> bool:
    return (path / ADAPTER).is_file() or (path / CONFIG).is_file()


def _run_above(path: Path) -> RunFolder | None:
    above = path.resolve().parents[:_LEVELS]
    return next((run for run in map(RunFolder, above) if run.recipe.is_file()), None)
