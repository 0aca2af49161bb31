"""The checkpoints of a run: written beside and then put in their place, so that each one that is seen is whole.

Beside what transformers saves, each holds `origin.json`: what it came from, and its loss on the validation rows. A run
goes on only from a checkpoint of the same origin. Nothing here knows what a model is.
"""

import json
import math
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from demiurgic.errors import UserError
from demiurgic.messages import Json
from demiurgic_models.files import sync, sync_folder
from demiurgic_training.tuning.recipe import Recipe

Origin = dict[str, Json]
"""Names of what decides a run's losses, and their values."""

_ORIGIN = "origin.json"
_NAME = re.compile(r"checkpoint-(\d+)")
_ONLY_FOR_RUNNING = re.compile(
    r"origin\.json|optimizer.*|scheduler\.pt|scaler\.pt|rng_state.*|trainer_state\.json|training_args\.bin"
    r"|encoder\.pt|README\.md|global_step.*|latest|zero_to_fp32\.py|pytorch_model_fsdp.*"
)
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One from which a run can go on. `loss` is None where nobody looked at validation rows then."""

    path: Path
    step: int
    loss: float | None
    origin: Origin
    sizes: Mapping[str, int]
    """Bytes of each of its files, as they were written."""


class Checkpoints:
    """The checkpoints in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.beside = folder / ".new"
        """Where the next one is written."""

    def all(self) -> list[Checkpoint]:
        """Those that are whole, oldest first."""
        return sorted(self._found(), key=lambda found: found.step)

    def newest(self) -> Checkpoint | None:
        """The one to go on from."""
        return next(reversed(self.all()), None)

    def best(self) -> Checkpoint | None:
        """The one that does best on rows that are never learned; the newest where there are none."""
        judged = [(found.loss, found) for found in self.all() if found.loss is not None and math.isfinite(found.loss)]
        return min(judged, key=lambda each: each[0])[1] if judged else self.newest()

    def clear(self) -> None:
        """Remove what a run left that died while it saved."""
        shutil.rmtree(self.beside, ignore_errors=True)

    def settle(self, step: int, loss: float | None, origin: Origin) -> Path:
        """What was written beside is whole: put it in its place."""
        written, place = self.beside / f"checkpoint-{step}", self.folder / f"checkpoint-{step}"
        sizes = {str(file.relative_to(written)): file.stat().st_size for file in written.rglob("*") if file.is_file()}
        told = {"loss": loss, "origin": origin, "sizes": sizes}
        (written / _ORIGIN).write_text(json.dumps(told, indent=2), "utf-8")
        sync_folder(written)
        _remove(place)
        written.replace(place)
        sync(self.folder)
        self.clear()
        return place

    def tidy(self, keep: int) -> None:
        """Remove all but the newest `keep` and the best."""
        found, best = self.all(), self.best()
        for old in found[: max(0, len(found) - max(1, keep))]:
            if best is None or old.step != best.step:
                _remove(old.path)

    def _found(self) -> Iterator[Checkpoint]:
        for path in self.folder.glob("checkpoint-*"):
            named = _NAME.fullmatch(path.name)
            if named and (path / _ORIGIN).is_file():
                yield _read(path, int(named[1]))


def origin_of(recipe: Recipe, rows: Mapping[str, str], model: Mapping[str, Json]) -> Origin:
    """What decides the losses of a run: its recipe, its rows (by their fingerprints) and the model it begins with."""
    decisive = asdict(recipe)
    for name in ("out", "data"):
        del decisive[name]
    running = decisive.pop("running")
    decisive["running"] = {name: running[name] for name in ("seed", "precision")}
    decisive["model"] = _resolved(recipe.model)
    decisive["teaching"]["teacher"] = _resolved(recipe.teaching.teacher)
    flat = dict(_flattened(decisive))
    flat |= {f"data.{name}": fingerprint for name, fingerprint in rows.items()}
    # As JSON has them, so that those of a file can be compared with it.
    return cast("Origin", json.loads(json.dumps(flat | dict(model), default=str)))


def _resolved(model: str) -> str:
    """The same from wherever it is named."""
    folder = Path(model).expanduser()
    return str(folder.resolve()) if model and folder.is_dir() else model


def _read(path: Path, step: int) -> Checkpoint:
    try:
        told = json.loads((path / _ORIGIN).read_text("utf-8"))
        return Checkpoint(path, step, told["loss"], told["origin"], told.get("sizes", {}))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _damaged(path, f"its origin.json cannot be read ({error})") from error


def check_whole(checkpoint: Checkpoint) -> None:
    """Raises UserError where a file of it is gone, or has another length than it was written with."""
    for name, size in checkpoint.sizes.items():
        file = checkpoint.path / name
        there = file.stat().st_size if file.is_file() else 0
        if there != size:
            raise _damaged(checkpoint.path, f"{name} has {there} bytes instead of {size}")


def _damaged(path: Path, how: str) -> UserError:
    return UserError(f"{path} is damaged: {how}", "delete it: --resume goes on from the one before it, or begins anew")


def check_origin(checkpoint: Checkpoint, origin: Origin) -> None:
    """Raises UserError, naming what differs, where a run cannot go on from a checkpoint."""
    then = checkpoint.origin
    differing = [name for name in {**then, **origin} if then.get(name) != origin.get(name)]
    if differing:
        told = "; ".join(_difference(name, then.get(name), origin.get(name)) for name in differing[:_SHOWN])
        more = f"; and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        raise UserError(
            f"{checkpoint.path} is of another run: {told}{more}",
            "put that back, or begin a new run: out=ANOTHER_FOLDER",
        )


def make_model(checkpoint: Checkpoint, place: Path) -> None:
    """A folder with a checkpoint's model, without what only a run needs. Where files can share room, it takes none."""
    beside = place.with_name(f"{place.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    for file in sorted(checkpoint.path.iterdir()):
        if file.is_file() and not _ONLY_FOR_RUNNING.fullmatch(file.name):
            _link(file, beside / file.name)
    shutil.rmtree(place, ignore_errors=True)
    beside.replace(place)
    sync(place.parent)


def _remove(place: Path) -> None:
    """First what says that it is whole: who is killed amid the rest leaves nothing that looks like a checkpoint."""
    (place / _ORIGIN).unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # a file system without links
        shutil.copyfile(file, place)
        sync(place)


def _flattened(value: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for name, held in value.items():
        if isinstance(held, dict):
            yield from _flattened(cast("Mapping[str, object]", held), f"{above}{name}.")
        else:
            yield f"{above}{name}", held


def _difference(name: str, then: Json, now: Json) -> str:
    if name.startswith("data."):
        return f"{name} had other rows"
    if name == "weights of the model":
        return "the model has other weights now"
    return f"{name} was {_told(then)} and is {_told(now)}"


def _told(value: Json) -> str:
    return ", ".join(map(str, cast("list[Json]", value))) if isinstance(value, list) else str(value)
