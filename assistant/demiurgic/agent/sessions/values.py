"""Frozen dataclasses as JSON and back, led by their annotations.

A value of a union says its type by name. Unknown fields are passed over, so that a newer version may add some; an
unknown type, or a value of the wrong kind, is a `Mismatch` that says where.
"""

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from demiurgic.messages import Json

TAG = "type"


class Mismatch(ValueError):
    """JSON that is not what was expected."""


def tag_of(kind: type) -> str:
    """The name by which a type goes in JSON: TextDelta is text_delta."""
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)
    return name.lstrip("_")


def plain_fields(kind: type) -> dict[str, tuple[Any, "Field[Any]"]]:
    """The fields that make up a value, with their annotations. What follows from the type itself is left out."""
    return _plain_fields(kind)


def to_json(value: Any) -> Json:  # noqa: ANN401 - anything that the annotations of our dataclasses allow
    """Any value made of dataclasses, enumerations, tuples, mappings and plain values. Dataclasses are tagged."""
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        return {TAG: tag_of(kind)} | {name: to_json(getattr(value, name)) for name in plain_fields(kind)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_json(item) for item in cast(Sequence[Any], value)]
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in cast(Mapping[str, Any], value).items()}
    return value


def from_json(kind: Any, value: Json, where: str = "") -> Any:  # noqa: ANN401, PLR0911 - one line for each kind
    """A value of the annotated kind. Raises Mismatch."""
    origin, parts = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _dataclass_from(kind, value, where)
    if origin in (Union, types.UnionType):
        return _union_from(parts, value, where)
    if origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return _choice_from(kind, value, where)
    if origin is tuple:
        return _tuple_from(parts, value, where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _expect(dict, value, where)
    if kind is float and type(value) is int:
        return float(value)
    return value if kind in (Any, object) else _expect(kind, value, where)


def _choice_from(kind: Any, value: Json, where: str) -> Any:  # noqa: ANN401
    members = cast(Iterable[Enum], kind) if isinstance(kind, type) else ()
    choices: dict[str, Any] = {each.value: each for each in members} or {each: each for each in get_args(kind)}
    if not isinstance(value, str) or value not in choices:
        raise Mismatch(f"{where}: {value!r} is none of {', '.join(map(repr, choices))}")
    return choices[value]


def _dataclass_from(kind: Any, value: Json, where: str) -> object:  # noqa: ANN401
    held = _expect(dict, value, where)
    given: dict[str, Any] = {}
    for name, (hint, field) in plain_fields(kind).items():
        if name in held:
            given[name] = from_json(hint, held[name], f"{where}.{name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise Mismatch(f"{where}: {tag_of(kind)} has no {name}")
    return kind(**given)


def _union_from(kinds: Sequence[Any], value: Json, where: str) -> object:
    if value is None and types.NoneType in kinds:
        return None
    tagged: dict[str, Any] = {tag_of(kind): kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)}
    if tagged:
        tag = _expect(dict, value, where).get(TAG)
        if not isinstance(tag, str) or tag not in tagged:
            raise Mismatch(f"{where}: {tag!r} is no type that is known here")
        return from_json(tagged[tag], value, f"{where}.{tag}" if where else tag)
    others = [kind for kind in kinds if kind is not types.NoneType]
    for kind in others[:-1]:
        try:
            return from_json(kind, value, where)
        except Mismatch:
            continue
    return from_json(others[-1], value, where)


def _tuple_from(kinds: Sequence[Any], value: Json, where: str) -> tuple[Any, ...]:
    items = _expect(list, value, where)
    if len(kinds) == 2 and kinds[1] is ...:
        kinds = [kinds[0]] * len(items)
    if len(kinds) != len(items):
        raise Mismatch(f"{where}: {len(items)} items instead of {len(kinds)}")
    return tuple(
        from_json(kind, item, f"{where}[{at}]") for at, (kind, item) in enumerate(zip(kinds, items, strict=True))
    )


def _expect(kind: Any, value: Json, where: str) -> Any:  # noqa: ANN401
    if type(value) is not kind:
        raise Mismatch(f"{where}: {type(value).__name__} instead of {kind.__name__}")
    return value


@cache
def _plain_fields(kind: type) -> dict[str, tuple[Any, "Field[Any]"]]:
    hints = get_type_hints(kind)
    return {field.name: (hints[field.name], field) for field in fields(kind) if field.init}
