"""Telling the strings that a schema admits from its other values, for dialects that write strings raw.

The rule that grammar and reader share: a value is the JSON that it spells where that is no string and the schema
admits it; otherwise it is the raw text. So only in a union can a string be mistaken, and only for another value that
the schema admits, written the same.
"""

from collections.abc import Mapping
from typing import cast

from demiurgic.errors import BadSchema
from demiurgic.messages import Json, JsonObject
from demiurgic.templates.dialects.lark import ANY, either, literal
from demiurgic.templates.dialects.patterns import pattern_expression
from demiurgic.templates.dialects.schemas import NOTES, resolved, with_definitions
from demiurgic.templates.dialects.toolbox import valid

_TYPES = ("string", "object", "array", "number", "boolean", "null")
_DEEPEST = 16


def split(schema: Json, root: JsonObject, depth: int = 0) -> tuple[list[JsonObject], list[JsonObject]]:
    """The schema as a union: schemas of strings only, and schemas without strings."""
    node = resolved(schema, root)
    if depth > _DEEPEST:
        raise BadSchema("unions refer to each other without end: `$ref`")
    for key in ("anyOf", "oneOf"):
        if key in node and not (node.keys() - NOTES - {key}):
            parts = [split(member, root, depth + 1) for member in node[key]]
            return [s for strings, _ in parts for s in strings], [o for _, others in parts for o in others]
    if "const" in node or "enum" in node:
        return _split_values(node, root)
    return _split_types(node, root)


def _split_values(node: JsonObject, root: JsonObject) -> tuple[list[JsonObject], list[JsonObject]]:
    alone = with_definitions(node, root)
    listed: list[Json] = [node["const"]] if "const" in node else node["enum"]
    values = [value for value in listed if valid(alone, value)]
    strings = [value for value in values if isinstance(value, str)]
    others = [value for value in values if not isinstance(value, str)]
    return [{"enum": strings}] if strings else [], [{"enum": others}] if others else []


def _split_types(node: JsonObject, root: JsonObject) -> tuple[list[JsonObject], list[JsonObject]]:
    types = node.get("type", list(_TYPES))
    types = [types] if isinstance(types, str) else cast("list[str]", types)
    others = [kind for kind in types if kind != "string"]
    strings: list[JsonObject] = []
    if "string" in types:
        combinator = next((key for key in ("allOf", "anyOf", "oneOf", "not") if key in node), "")
        if combinator:
            raise BadSchema(f"a string with `{combinator}` beside its type cannot be enforced")
        strings.append({key: node[key] for key in ("minLength", "maxLength", "pattern") if key in node})
    rest = with_definitions({**node, "type": others}, root)
    return strings, [rest] if others else []


def raw_strings(strings: list[JsonObject]) -> str:
    """An expression for the raw text of all these strings."""
    return either([_raw(schema) for schema in strings])


def _raw(schema: JsonObject) -> str:
    if "enum" in schema:
        return either([literal(value) for value in schema["enum"]])
    parts: list[str] = []
    if schema.keys() & {"minLength", "maxLength"}:
        parts.append(f"/{length(schema, '(?s:.)')}/")
    if "pattern" in schema:
        parts.append(pattern_expression(schema["pattern"]))
    return f"({' & '.join(parts or [ANY])})"


def length(schema: Mapping[str, Json], unit: str) -> str:
    """A regular expression for as many `unit`s as a string schema admits."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", "")
    return f"({unit}){{{int(least)},{int(most) if most != '' else ''}}}"
