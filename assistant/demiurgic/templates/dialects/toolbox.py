"""The tools of one reply: what they take, and what is wrong with a call, in words for the model that made it."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY, SchemaRegistry

from demiurgic.messages import Json, JsonObject, Tool
from demiurgic.templates.dialects.schemas import arguments_schema

_UNCHECKABLE = (Unresolvable, RecursionError, re.error)
"""What checking can come to: a schema may point to nothing, or to itself for ever."""


class Toolbox:
    """Known tools by name."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._schemas = {tool.name: arguments_schema(tool) for tool in tools}
        self._validators = {name: _validator(schema) for name, schema in self._schemas.items()}

    def __bool__(self) -> bool:
        return bool(self._schemas)

    def __contains__(self, name: object) -> bool:
        return name in self._schemas

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._schemas)

    def schema(self, name: str) -> JsonObject:
        return self._schemas[name]

    def properties(self, name: str) -> JsonObject:
        """The schemas of the arguments that a tool names; none for an unknown tool."""
        return self._schemas.get(name, {}).get("properties", {})

    def problem(self, name: str, arguments: Json) -> str:
        """What is wrong with a call; empty when nothing is."""
        if name not in self:
            return f"there is no tool `{name}`; the tools are: {_listed(self.names)}"
        if not isinstance(arguments, dict):
            return f"the arguments of `{name}` must be a JSON object"
        given = cast("dict[str, Json]", arguments)
        if not _is_text(given):
            return f"the arguments of `{name}` hold half of a character; write it whole"
        try:
            error = _first_error(self._validators[name], given)
        except _UNCHECKABLE as failure:
            return f"the arguments of `{name}` could not be checked: {failure}"
        return self._explain(name, given, error) if error else ""

    def _explain(self, name: str, arguments: JsonObject, error: ValidationError) -> str:
        known = tuple(self.properties(name))
        if not error.absolute_path and error.validator == "additionalProperties":
            extra = [key for key in arguments if key not in known]
            takes = f"it takes: {_listed(known)}" if known else "it takes none"
            return f"the tool `{name}` has no argument {_quoted(extra)}; {takes}"
        if not error.absolute_path and error.validator == "required":
            wanted = cast("Iterable[str]", error.validator_value)
            missing = [key for key in wanted if key not in arguments]
            return f"the tool `{name}` needs the argument {_quoted(missing)}"
        if not error.absolute_path:
            return f"the arguments of `{name}` are wrong: {_short(error.message)}"
        where = ".".join(str(part) for part in error.absolute_path)
        return f"the argument `{where}` of `{name}` is wrong: {_short(error.message)}"


def parse_json(text: str) -> Json:
    """The value that `text` spells. Raises ValueError for all that JSON cannot carry onward, infinity included.

    Line breaks within strings are let through: they are what small models get wrong most.
    """
    try:
        return json.loads(text, strict=False, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def valid(schema: JsonObject, value: Json) -> bool:
    """Whether `value` satisfies `schema`; not if that cannot be checked."""
    try:
        return _first_error(_validator(schema), value) is None
    except _UNCHECKABLE:
        return False


def _first_error(validator: Draft202012Validator, value: Json) -> ValidationError | None:
    errors = cast("Iterator[ValidationError]", cast("Any", validator).iter_errors(value))
    return next(errors, None)


def _validator(schema: JsonObject) -> Draft202012Validator:
    registry: SchemaRegistry = EMPTY_REGISTRY  # never fetches what a schema refers to
    return Draft202012Validator(cast("dict[str, Any]", schema), registry=registry)


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text} is too large")
    return number


def _is_text(value: Json) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else f"{text[:limit]} ..."
