"""JSON Schemas of tools, made fit for enforcement.

What the model may write is narrower than what a schema admits where that keeps a small model on its way: properties
that a schema does not name are not offered. What is read back is held against the schema itself, except that
the arguments of a tool are closed unless its schema says otherwise.
"""

from collections.abc import Mapping
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from demiurgic.errors import BadSchema
from demiurgic.messages import Json, JsonObject, Tool

_COMBINATORS = ("allOf", "anyOf", "oneOf", "$ref")
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"}
_NESTED_LISTS = ("prefixItems", "anyOf", "oneOf", "allOf")
_NESTED = ("items", "additionalProperties")
DEFINITIONS = ("$defs", "definitions")
_NESTED_MAPS = ("properties", "patternProperties", *DEFINITIONS)
NOTES = frozenset(("title", "description", "default", "examples", "deprecated", "$comment", *DEFINITIONS))
"""Keywords that say nothing of which values a schema admits."""


def arguments_schema(tool: Tool) -> dict[str, Json]:
    """The schema of a tool's arguments: an object, closed unless it says otherwise. Raises BadSchema."""
    try:
        Draft202012Validator.check_schema(tool.parameters)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path) or "the schema"
        raise BadSchema(f"the tool `{tool.name}` has no valid schema: {where}: {error.message}") from error
    schema = dict(tool.parameters)
    schema.setdefault("type", "object")
    if schema["type"] != "object":
        raise BadSchema(f"the tool `{tool.name}` takes {schema['type']!r}; arguments are an object: `type`")
    return _closed(schema) if not any(key in schema for key in _COMBINATORS) else schema


def narrowed(schema: JsonObject) -> dict[str, Json]:
    """The schema with every object closed that names its properties, as far as that cannot contradict itself.

    Objects that are put together from several schemas are left open.
    """
    narrow = "allOf" not in _keywords(schema)
    own = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    return cast("dict[str, Json]", _narrowed(own, close=narrow))


def _narrowed(schema: Json, *, close: bool) -> Json:
    if not isinstance(schema, Mapping):
        return schema
    node = dict(cast("JsonObject", schema))
    below = close and not ("properties" in node and any(key in node for key in _COMBINATORS))
    for key in _NESTED_MAPS:
        if isinstance(node.get(key), Mapping):
            node[key] = {name: _narrowed(value, close=below) for name, value in node[key].items()}
    for key in _NESTED_LISTS:
        if isinstance(node.get(key), list):
            node[key] = [_narrowed(value, close=below) for value in node[key]]
    for key in _NESTED:
        if key in node:
            node[key] = _narrowed(node[key], close=below)
    if node.get("format") not in _FORMATS:
        node.pop("format", None)  # an annotation that nobody checks
    return _closed(node) if below and "properties" in node else node


def _closed(schema: dict[str, Json]) -> dict[str, Json]:
    if "additionalProperties" in schema or "patternProperties" in schema:
        return schema
    return {**schema, "additionalProperties": False}


def _keywords(schema: Json) -> set[str]:
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            mapping = cast("JsonObject", node)
            found.update(mapping)
            waiting.extend(mapping.values())
        elif isinstance(node, list):
            waiting.extend(cast("list[Json]", node))
    return found


def with_definitions(schema: Json, root: JsonObject) -> dict[str, Json]:
    """A part of `root` that can stand alone: it brings the definitions that it may refer to."""
    if schema is True:
        schema = {}
    return {**{key: root[key] for key in DEFINITIONS if key in root}, **schema}


def resolved(schema: Json, root: JsonObject) -> JsonObject:
    """The schema itself, or the one that it refers to when it is nothing but a reference."""
    seen: set[str] = set()
    node: Json = schema
    while isinstance(node, Mapping):
        mapping = cast("JsonObject", node)
        members = mapping.get("allOf", ())
        target: Json = mapping.get("$ref")
        if len(members) == 1 and not (mapping.keys() - {"allOf", "title", "description", "default"}):
            node = members[0]
        elif isinstance(target, str) and not target.startswith("#"):
            raise BadSchema(f"`$ref` {target} points out of the schema")
        elif isinstance(target, str) and target.startswith("#/") and target not in seen:
            seen.add(target)
            node = _pointed(root, target)
        else:
            return mapping
    return {} if node is True else {"enum": []}


def _pointed(root: JsonObject, target: str) -> Json:
    node: Json = root
    for part in target[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or key not in node:
            raise BadSchema(f"nothing stands at `$ref` {target}")
        node = cast("JsonObject", node)[key]
    return node
