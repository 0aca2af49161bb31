"""What a recipe's dataclasses say of their own fields: the one place that looks into annotations.

Reading files, writing help and describing forms all follow from this, so that none of them can drift from the code.
"""

import dataclasses
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from demiurgic_training.tuning.recipe import Between, Recipe

_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` is bool, int, float, str, Path or an enumeration; of several values where it holds `many`."""

    name: str
    kind: type[Any]
    help: str
    default: Any
    required: bool
    optional: bool = False
    many: bool = False
    between: Between | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One dataclass: what it is called in the file, what it is for, and its fields. The recipe's own has no name."""

    name: str
    kind: type[Any]
    help: str
    required: bool
    fields: dict[str, Field]


def sections(whole: type = Recipe) -> dict[str, Section]:
    """A dataclass's own fields under the empty name, then its sections in their order: a recipe's, if not said."""
    hints = get_type_hints(whole, include_extras=True)
    parts = {"": _section("", whole, required=True)}
    for each in dataclasses.fields(whole):
        if dataclasses.is_dataclass(hints[each.name]):
            parts[each.name] = _section(each.name, hints[each.name], required=_has_no_default(each))
    return parts


def _section(name: str, kind: type, *, required: bool) -> Section:
    hints = get_type_hints(kind, include_extras=True)
    plain = [each for each in dataclasses.fields(kind) if not dataclasses.is_dataclass(hints[each.name])]
    fields = {each.name: _field(each, hints[each.name]) for each in plain}
    return Section(name, kind, (kind.__doc__ or "").split("\n\n")[0], required, fields)


def _field(each: "dataclasses.Field[Any]", hint: Any) -> Field:  # noqa: ANN401 - a type as `typing` shows it
    base, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    arms = get_args(base) if get_origin(base) in (Union, types.UnionType) else (base,)
    kind = next(arm for arm in arms if arm is not type(None))
    many = get_origin(kind) is tuple
    return Field(
        each.name,
        get_args(kind)[0] if many else kind,
        next((extra for extra in extras if isinstance(extra, str)), ""),
        None if _has_no_default(each) else each.default,
        _has_no_default(each),
        optional=type(None) in arms,
        many=many,
        between=_bounds(kind, next((extra for extra in extras if isinstance(extra, Between)), None)),
    )


def _bounds(kind: Any, given: Between | None) -> Between | None:  # noqa: ANN401 - a type as `typing` shows it
    """Larger whole numbers than this are meant by nobody, and overflow in torch."""
    if kind is not int:
        return given
    return Between(given.least, min(given.most, _LARGEST)) if given else Between(-_LARGEST, _LARGEST)


def _has_no_default(each: "dataclasses.Field[Any]") -> bool:
    return each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


def shown(value: object) -> Any:  # noqa: ANN401 - JSON
    """A field's value as JSON and YAML have it."""
    match value:
        case tuple():
            return [shown(each) for each in cast("tuple[object, ...]", value)]
        case Path():
            return str(value)
        case str():
            return str(value)
        case _:
            return value
