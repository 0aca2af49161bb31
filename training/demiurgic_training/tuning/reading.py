"""Recipes in files: read with all that was overridden, checked, and written down again.

Every value is read by its field's own type from the text that stands in the file, so that `2e-4` is a number and a
name like `no` stays a name. What cannot be right is refused here: with its line, and with what was likely meant.
Relative paths are relative to the current folder; `$HERE` in a value is the folder of the file itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from demiurgic.errors import UserError
from demiurgic_models.files import write_beside
from demiurgic_training.tuning.checking import SCRATCH, check
from demiurgic_training.tuning.fields import Section, sections, shown
from demiurgic_training.tuning.given import Given, Key, in_file, in_override
from demiurgic_training.tuning.presets import found
from demiurgic_training.tuning.recipe import Recipe
from demiurgic_training.tuning.values import read_value

T = TypeVar("T")


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of a file, or of a preset by its bare name, in which each `key=value` replaces what it says.

    Raises UserError for whatever is wrong with either.
    """
    recipe = read_as(Recipe, found(path), overrides)
    check(recipe)
    return recipe


def read_as(kind: type[T], file: Path, overrides: Sequence[str] = ()) -> T:
    """The same for any dataclass of fields and sections. Nothing is checked but each value alone."""
    parts = sections(kind)
    given = in_file(file, parts)
    for override in overrides:
        where, said = in_override(override, parts)
        given[where] = said
    values = {name: _section(part, given, file) for name, part in parts.items()}
    return kind(**values.pop(""), **{name: parts[name].kind(**held) for name, held in values.items()})


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe such that reading it anywhere gives the same one: its paths are made absolute."""
    teaching = replace(recipe.teaching, teacher=_rooted(recipe.teaching.teacher))
    whole = replace(recipe, model=_rooted(recipe.model), teaching=teaching)
    text = yaml.safe_dump(_written(whole), sort_keys=False, allow_unicode=True, width=120)
    write_beside(path, text)


def _written(value: Any) -> Any:  # noqa: ANN401 - a field's value, whatever it is
    if isinstance(value, Path):
        return str(value.absolute())
    if hasattr(value, "__dataclass_fields__"):
        return {name: _written(held) for name, held in _items(value)}
    return shown(value)


def _items(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any section
    return [(each.name, getattr(value, each.name)) for each in fields(value)]


def _rooted(model: str) -> str:
    """A model's name, or its folder's path from the root."""
    scheme = SCRATCH if model.startswith(SCRATCH) else ""
    folder = Path(model.removeprefix(scheme)).expanduser()
    return f"{scheme}{folder.absolute()}" if model and folder.exists() else model


def _section(part: Section, given: Mapping[Key, Given], file: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, field in part.fields.items():
        key = f"{part.name}.{name}" if part.name else name
        if (said := given.get((part.name, name))) is not None:
            values[name] = read_value(field, said, key)
        elif field.required:
            raise UserError(f"{file} does not say {key!r}", f"it is the {field.help}")
    return values
