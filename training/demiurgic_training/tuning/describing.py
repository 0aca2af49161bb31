"""Recipes as JSON Schemas, with help and defaults: `--describe` prints them, and forms are made of them."""

import math
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from demiurgic_training.tuning.fields import Field, Section, sections, shown
from demiurgic_training.tuning.given import in_file
from demiurgic_training.tuning.presets import presets
from demiurgic_training.tuning.recipe import Recipe

_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}


def describe(kind: type = Recipe, ready: Mapping[str, Path] | None = None) -> dict[str, Any]:
    """A JSON Schema of the YAML file, in the order in which a form should ask, with the files that come with the
    program: a recipe's, if not said."""
    known = sections(kind)
    own, *parts = known.values()
    whole = _object(own)
    for part in parts:
        whole["properties"][part.name] = _object(part)
        whole["required"] += [part.name] if part.required else []
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        **whole,
        "x-presets": {name: _preset(file, known) for name, file in (presets() if ready is None else ready).items()},
    }


def _preset(file: Path, known: dict[str, Section]) -> dict[str, Any]:
    """A recipe that comes with the program: its first line, and what it says as it stands there."""
    recipe: dict[str, Any] = {}
    for (section, key), given in in_file(file, known).items():
        (recipe.setdefault(section, {}) if section else recipe)[key] = given.said
    first, _, _ = file.read_text("utf-8").partition("\n")
    return {"description": first.removeprefix("#").strip(), "recipe": recipe}


def _object(section: Section) -> dict[str, Any]:
    return {
        "type": "object",
        "description": section.help,
        "properties": {field.name: _property(field) for field in section.fields.values()},
        "required": [field.name for field in section.fields.values() if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    value: dict[str, Any] = _value(field)
    if field.many:
        value = {"type": "array", "items": value}
    if field.optional:
        value["type"] = [value["type"], "null"]
    if not field.required:
        value["default"] = shown(field.default)
    return {"description": field.help, **value}


def _value(field: Field) -> dict[str, Any]:
    if issubclass(field.kind, StrEnum):
        return {"type": "string", "enum": [str(member) for member in field.kind]}
    value: dict[str, Any] = {"type": _TYPES[field.kind]}
    if field.kind is Path:
        value["format"] = "path"
    if field.between:
        value["minimum"] = field.between.least
        value |= {} if math.isinf(field.between.most) else {"maximum": field.between.most}
    return value
