"""What a file and a command line say of a recipe's fields: the text of each, and where it stands.

Nothing is read into the texts yet, but a key that does not exist, or stands there twice, is refused with what was
likely meant.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from demiurgic.errors import UserError
from demiurgic_training.tuning.fields import Section

NOTHING = ("", "null", "~", "none")
"""How YAML says that there is no value."""
_HERE = "$HERE"


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody said of one field: the text or texts, and where."""

    said: str | list[str]
    where: str


Key = tuple[str, str]
"""Section and field; the recipe's own fields are in the section of no name."""


def in_file(path: Path, parts: Mapping[str, Section]) -> dict[Key, Given]:
    """All that a YAML file says. Raises UserError."""
    root = _composed(path)
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{path} is no recipe: it does not consist of keys and values", "write model: NAME, data: ...")
    given: dict[Key, Given] = {}
    for key, node in _pairs(root, path):
        if key in parts and key:
            given.update(_in_section(key, node, path, parts))
        elif key in parts[""].fields:
            given["", key] = _given(node, path, key)
        else:
            raise UserError(f"{_at(path, node)}: there is no key {key!r}", _instead(key, "", parts))
    return given


def _in_section(name: str, node: yaml.Node, path: Path, parts: Mapping[str, Section]) -> dict[Key, Given]:
    if isinstance(node, yaml.ScalarNode) and node.value in NOTHING:
        return {}
    if not isinstance(node, yaml.MappingNode):
        known = ", ".join(parts[name].fields)
        raise UserError(f"{_at(path, node)}: {name!r} is a section, not a value", f"it has the keys {known}")
    given: dict[Key, Given] = {}
    for key, held in _pairs(node, path):
        if key not in parts[name].fields:
            raise UserError(f"{_at(path, held)}: there is no key {key!r} in {name!r}", _instead(key, name, parts))
        given[name, key] = _given(held, path, key)
    return given


def _composed(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{path}{line}: no YAML: {error.problem}", "each line is `key: value`") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no YAML: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _pairs(node: yaml.MappingNode, path: Path) -> list[tuple[str, yaml.Node]]:
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            raise UserError(f"{_at(path, key)}: {name!r} stands there twice", "keep one of them")
        found[name] = value
    return list(found.items())


def _given(node: yaml.Node, path: Path, key: str) -> Given:
    here = str(path.parent.absolute())
    match node:
        case yaml.ScalarNode():
            return Given(node.value.replace(_HERE, here), _at(path, node))
        case yaml.SequenceNode() if all(isinstance(item, yaml.ScalarNode) for item in node.value):
            return Given([item.value.replace(_HERE, here) for item in node.value], _at(path, node))
        case _:
            raise UserError(f"{_at(path, node)}: {key!r} wants a value, not a structure")


def _at(path: Path, node: yaml.Node) -> str:
    return f"{path}, line {node.start_mark.line + 1}"


def in_override(override: str, parts: Mapping[str, Section]) -> tuple[Key, Given]:
    """What one `key=value` says. A key without its section will do where only one section has it. Raises UserError."""
    key, mark, text = override.partition("=")
    if not mark:
        raise UserError(f"{override!r} overrides nothing", "write key=value, as in weights.rank=8")
    section, _, name = key.strip().rpartition(".")
    if section not in parts or name not in parts[section].fields:
        homes = [part.name for part in parts.values() if name in part.fields]
        if section or len(homes) != 1:
            raise UserError(f"there is no key {key!r} to override", _instead(name, section, parts))
        section = homes[0]
    text = text.strip()
    said: str | list[str] = text
    if parts[section].fields[name].many and text.startswith("["):
        said = _listed(text, override)
    return (section, name), Given(said, repr(override))


def _listed(text: str, override: str) -> list[str]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(f"{override!r} holds no list", "write [first, second]") from error
    if not isinstance(node, yaml.SequenceNode):
        raise UserError(f"{override!r} holds no list", "write [first, second]")
    return [str(item.value) for item in node.value]


def _instead(key: str, section: str, parts: Mapping[str, Section]) -> str:
    """What was likely meant."""
    elsewhere = [part.name for part in parts.values() if key in part.fields and part.name != section]
    if elsewhere:
        return f"{key!r} belongs in {elsewhere[0]!r}" if elsewhere[0] else f"{key!r} belongs above all sections"
    home = parts.get(section, parts[""])
    known = [*home.fields, *(() if home.name else filter(None, parts))]
    if near := difflib.get_close_matches(key, known, n=1, cutoff=0.5):
        return f"did you mean {near[0]!r}?"
    far = {name: part.name for part in parts.values() for name in part.fields}
    if near := difflib.get_close_matches(key, far, n=1, cutoff=0.7):
        return f"did you mean {near[0]!r} in {far[near[0]] or 'the recipe itself'!r}?"
    return f"known are {', '.join(known)}"
