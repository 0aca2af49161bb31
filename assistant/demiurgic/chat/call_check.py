"""Reads the calls that a remote model wrote: known tool, valid JSON, arguments that satisfy the tool's schema.

What is wrong is said in words for the model, which may try again. Schemas that point to other files or to the
network are refused: nothing is fetched to check a call.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, cast

from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry
from referencing.exceptions import Unresolvable

from demiurgic.errors import BadSchema
from demiurgic.events import CallRejected
from demiurgic.messages import Json, JsonObject, Tool, ToolCall

MOST_PROBLEMS = 3
"""More would not help a model that has to mend them."""


@dataclass(frozen=True, slots=True)
class RawCall:
    """A call as it came: its arguments are text that may be anything."""

    index: int
    id: str
    name: str
    text: str


def check_schema(schema: JsonObject, owner: str) -> None:
    """Raise BadSchema for a schema that could never be checked against. `owner` names it in the message."""
    try:
        _validator_class(schema).check_schema(dict(schema))
    except SchemaError as error:
        raise BadSchema(f"the schema of {owner} is not a JSON Schema: {error.message}") from error


def check_call(raw: RawCall, tools: Sequence[Tool]) -> ToolCall | CallRejected:
    """The call, or why it cannot be one."""
    tool = next((tool for tool in tools if tool.name == raw.name), None)
    if tool is None:
        names = ", ".join(tool.name for tool in tools) or "none"
        return _rejected(raw, f"There is no tool named {raw.name!r}. The tools are: {names}.")
    try:
        arguments = read_json(raw.text or "{}")
    except ValueError as error:
        return _rejected(raw, f"The arguments are not valid JSON: {error}.")
    if not isinstance(arguments, dict):
        return _rejected(raw, "The arguments must be one JSON object.")
    problems = schema_problems(arguments, tool.parameters)
    if problems:
        return _rejected(raw, f"The arguments do not fit the tool: {problems}.")
    return ToolCall(raw.id, raw.name, cast("JsonObject", arguments))


def read_json(text: str) -> Json:
    """Strict JSON. Raises ValueError with words for the model, also for NaN and for absurd nesting."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def schema_problems(value: Json, schema: JsonObject) -> str:
    """What is wrong with `value`, in words for the model; empty when it satisfies `schema`."""
    validator = _validator_class(schema)(dict(schema), registry=Registry())
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: error.json_path)
    except Unresolvable as error:
        raise BadSchema(f"a schema refers to something that is not in it: {error}") from error
    return "; ".join(_describe(error) for error in errors[:MOST_PROBLEMS])


def _describe(error: ValidationError) -> str:
    return error.message if error.json_path == "$" else f"{error.json_path[2:]}: {error.message}"


def _validator_class(schema: JsonObject) -> type[Validator]:
    return validator_for(schema)


def _rejected(raw: RawCall, problem: str) -> CallRejected:
    return CallRejected(raw.index, raw.name, raw.text, problem)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
