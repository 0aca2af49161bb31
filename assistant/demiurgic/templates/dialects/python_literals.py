"""JSON values as Python literals: written, read, and constrained under a schema.

Narrower than the schema in two ways: objects take only the properties that they name, and strings with a
`pattern` hold no character that needs an escape.
"""

import ast
import json
import keyword
import math
from collections.abc import Mapping, Sequence
from typing import cast

from demiurgic.errors import BadSchema
from demiurgic.messages import Json, JsonObject
from demiurgic.templates.dialects.lark import Lark, either, literal
from demiurgic.templates.dialects.patterns import pattern_expression
from demiurgic.templates.dialects.schemas import NOTES, resolved
from demiurgic.templates.dialects.strings import length

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = r"[^'\\\x00-\x1f\x7f]"
_CHAR = rf"{_PLAIN}|\\[\\'nrt]|\\x[01][0-9a-f]|\\x7f"
_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def is_keyword(name: str) -> bool:
    """Whether Python takes this as the name of an argument, and hands it over unchanged."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def literal_of(value: Json) -> str:
    """A JSON value as a Python literal."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return "'" + "".join(_escape(char) for char in value) + "'"
    if isinstance(value, Mapping):
        items = cast("JsonObject", value).items()
        return "{" + ", ".join(f"{literal_of(key)}: {literal_of(item)}" for key, item in items) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(literal_of(item) for item in cast("Sequence[Json]", value)) + "]"
    return json.dumps(value)


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\x{ord(char):02x}" if char < " " or char == "\x7f" else char


def value_of(node: ast.expr) -> Json:
    """The JSON value of a Python literal. Raises ValueError for all else."""
    value: Json = ast.literal_eval(node)
    _require_json(value)
    return json.loads(json.dumps(value))


def _require_json(value: Json) -> None:
    if isinstance(value, dict):
        mapping = cast("dict[Json, Json]", value)
        if not all(isinstance(key, str) for key in mapping):
            raise ValueError("keys must be strings")
        for item in mapping.values():
            _require_json(item)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[Json]", value):
            _require_json(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no finite number")
    elif not isinstance(value, str | int | float | None):
        raise ValueError(f"{type(value).__name__} is no JSON")


class PythonGrammar:
    """The literals under one tool's schema, as rules of `lark`."""

    def __init__(self, lark: Lark, root: JsonObject) -> None:
        self._lark = lark
        self._root = root
        self._rules: dict[str, str] = {}

    def call(self) -> str:
        """What stands between the brackets of the call."""
        node = self._object_schema(self._root)
        properties: Mapping[str, Json] = node.get("properties", {})
        if not all(is_keyword(key) for key in [*properties, *node.get("required", ())]):
            return f'"**" {self.value(self._root)}'
        return self._members(node, [f"{key}=" for key in properties])

    def value(self, schema: Json) -> str:
        """The name of a rule for values under `schema`; schemas that refer to themselves are rules that do."""
        node = resolved(schema, self._root)
        key = json.dumps(node, sort_keys=False)
        if key not in self._rules:
            self._rules[key] = self._lark.reserve()
            self._lark.define(self._rules[key], self._body(node))
        return self._rules[key]

    def _body(self, node: JsonObject) -> str:
        for combinator in ("anyOf", "oneOf"):
            if combinator in node and not (node.keys() - NOTES - {combinator}):
                return either([self.value(member) for member in node[combinator]])
        if unfit := [key for key in ("allOf", "anyOf", "oneOf", "not", "if", "$ref") if key in node]:
            raise BadSchema(f"a schema with `{unfit[0]}` cannot be enforced as Python literals")
        if "const" in node or "enum" in node:
            values: list[Json] = [node["const"]] if "const" in node else node["enum"]
            return either([literal(literal_of(value)) for value in values])
        kinds = node.get("type", ["string", "number", "boolean", "null"])
        return either([self._of_type(kind, node) for kind in ([kinds] if isinstance(kinds, str) else kinds)])

    def _of_type(self, kind: str, node: JsonObject) -> str:
        if kind == "string":
            return self._string(node)
        if kind == "array":
            return self._array(node)
        if kind == "object":
            node = self._object_schema(node)
            return f'"{{" {self._members(node, [f"{literal_of(key)}: " for key in node.get("properties", {})])} "}}"'
        if kind == "boolean":
            return '("True" | "False")'
        if kind == "null":
            return '"None"'
        return self._lark.json({"type": kind, **{key: node[key] for key in _NUMERIC if key in node}})

    def _string(self, node: JsonObject) -> str:
        if "pattern" not in node:
            return self._lark.terminal(f"/'{length(node, _CHAR)}'/")
        content = f"{pattern_expression(node['pattern'])} & /{length(node, _PLAIN)}/"
        return self._lark.terminal(f'"\'" ({content}) "\'"')

    def _array(self, node: JsonObject) -> str:
        if unfit := [key for key in ("prefixItems", "contains", "uniqueItems") if node.get(key)]:
            raise BadSchema(f"`{unfit[0]}` cannot be enforced as Python literals")
        item = self.value(node.get("items", True))
        least, most = int(node.get("minItems", 0)), node.get("maxItems")
        if most == 0:
            return '"[]"'
        more = f"{{{max(least - 1, 0)},{'' if most is None else int(most) - 1}}}"
        items = f'{item} (", " {item}){more}'
        return f'"[" ({items}){"" if least else "?"} "]"'

    def _object_schema(self, node: JsonObject) -> JsonObject:
        unfit = ("patternProperties", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "dependentRequired")
        if found := [key for key in unfit if key in node]:
            raise BadSchema(f"`{found[0]}` beside properties cannot be enforced as Python literals")
        missing = [key for key in node.get("required", ()) if key not in node.get("properties", {})]
        if missing:
            raise BadSchema(f"`required` names {missing[0]!r}, which is no property")
        return node

    def _members(self, node: JsonObject, heads: Sequence[str]) -> str:
        """Members in the order of the schema, optional ones left out at will, with commas only between them."""
        required = node.get("required", ())
        tail = ""  # what may follow once a member stands before it
        start = '""'  # what may stand here when nothing does
        for (key, schema), head in reversed(list(zip(node.get("properties", {}).items(), heads, strict=True))):
            member = f"{literal(head)} {self.value(schema)}"
            first = f"{member} {tail}"
            start = self._lark.rule(first if key in required else f"{first} | {start}")
            tail = self._lark.rule(f'", " {first}' if key in required else f'(", " {member})? {tail}')
        return start
