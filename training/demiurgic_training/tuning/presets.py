"""The recipes that come with the program: files that are read as they are, and copied to be changed."""

import difflib
from pathlib import Path

import demiurgic_training
from demiurgic.errors import UserError


def folder() -> Path:
    """Where they are: inside the installed package, or beside it in a working copy."""
    package = Path(demiurgic_training.__file__).parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def presets() -> dict[str, Path]:
    """Their files by name. Those that end in `-loop` are for `demiurgic distil`."""
    return {path.stem: path for path in sorted(folder().glob("*.yaml")) if not path.stem.endswith("-loop")}


def loops() -> dict[str, Path]:
    """Those for `demiurgic distil`, by name."""
    return {path.stem: path for path in sorted(folder().glob("*-loop.yaml"))}


def found(path: Path) -> Path:
    """The file that is meant: one of this path, or else the preset of this name. Raises UserError."""
    if path.is_file():
        return path
    known = presets()
    if str(path) in known:
        return known[str(path)]
    if path.is_dir():
        raise UserError(f"{path} is a folder", "name the recipe in it: a .yaml file")
    near = difflib.get_close_matches(path.stem, known, n=1)
    raise UserError(
        f"there is no file {path}, and no preset of this name",
        f"did you mean {near[0]}?" if near else f"presets are {', '.join(known)}",
    )
