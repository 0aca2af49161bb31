"""Twenty tools whose schemas are as mixed as those of real tools, bounded so that every call ends soon.

`arguments` draws what a schema admits, in the schema's own order of properties.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from demiurgic.messages import Tool

TEXT = {"type": "string", "maxLength": 12}


def _tool(name: str, properties: Mapping[str, Any], required: list[str] | None = None, **more: Any) -> Tool:
    schema = {"type": "object", "properties": dict(properties), "required": required or [], **more}
    return Tool(name, f"does {name}", schema)


POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}, "required": ["x", "y"]}
ITEM = {"type": "object", "properties": {"sku": TEXT, "count": {"type": "integer"}}, "required": ["sku"]}

TOOLS: tuple[Tool, ...] = (
    _tool("now", {}),
    _tool("read", {"path": TEXT}, ["path"]),
    _tool("read_lines", {"path": TEXT, "first": {"type": "integer", "minimum": 1, "maximum": 99}}, ["path"]),
    _tool("set_mode", {"mode": {"enum": ["fast", "slow", "off"]}}, ["mode"]),
    _tool("toggle", {"on": {"type": "boolean"}, "note": TEXT}, ["on"]),
    _tool("move", {"to": POINT, "speed": {"type": "number", "minimum": 0, "maximum": 9.5}}, ["to"]),
    _tool("tag", {"labels": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "maxItems": 4}}, ["labels"]),
    _tool("order", {"items": {"type": "array", "items": ITEM, "minItems": 1, "maxItems": 3}}, ["items"]),
    _tool("find", {"what": {"type": "string", "minLength": 1, "maxLength": 9}, "limit": {"type": "integer"}}, ["what"]),
    _tool("assign", {"user": {"type": ["string", "null"], "maxLength": 10}}, ["user"]),
    _tool("put", {"value": {"anyOf": [{"type": "integer"}, {"type": "boolean"}, TEXT]}}, ["value"]),
    _tool("查询天气", {"城市": TEXT, "单位": {"enum": ["摄氏", "华氏"]}}, ["城市"]),
    _tool("tint", {"colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"}}, ["colour"]),
    _tool("version", {"kind": {"const": "semver"}, "major": {"type": "integer", "minimum": 0}}, ["kind", "major"]),
    _tool("resize", {"size": {"$ref": "#/$defs/size"}}, ["size"], **{"$defs": {"size": POINT}}),
    _tool("mixed", {"key": {"enum": ["auto", 1, 2, None, True]}}, ["key"]),
    _tool("matrix", {"rows": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
                              "maxItems": 2}}, ["rows"]),
    _tool("shape", {"of": {"anyOf": [POINT, {"type": "object", "properties": {"r": {"type": "integer"}},
                                             "required": ["r"]}]}}, ["of"]),
    _tool("all-optional", {"a": TEXT, "b": {"type": "integer"}, "c": {"type": "boolean"}}),
    _tool("mail.send", {"to": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2}, "subject": TEXT,
                        "urgent": {"type": "boolean"}}, ["to", "subject"]),
)  # fmt: skip


def texts(schema: Mapping[str, Any], forbidden: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Strings under a schema, none of which holds one of `forbidden`."""
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    likely = st.sampled_from(
        ["</tool_call>", "<tool_call>", "}", '"', "\\", "\n", "```", "'", "a", "5", "null", "é", "😀"]
    )
    sizes = schema.get("minLength", 0), schema.get("maxLength", 30)
    characters = st.characters(exclude_categories=["Cs"])
    pieces = st.lists(st.one_of(characters, likely), max_size=20).map("".join)
    return st.one_of(st.text(characters, min_size=sizes[0], max_size=sizes[1]), pieces).filter(
        lambda text: sizes[0] <= len(text) <= sizes[1] and not any(tag in text for tag in forbidden)
    )


def values(
    schema: Mapping[str, Any], root: Mapping[str, Any], forbidden: tuple[str, ...] = ()
) -> st.SearchStrategy[Any]:
    """Values under a schema of the kinds used here."""
    if "$ref" in schema:
        return values(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, forbidden)
    if "anyOf" in schema:
        return st.one_of([values(member, root, forbidden) for member in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    kinds = schema["type"]
    if isinstance(kinds, list):
        return st.one_of([values({**schema, "type": kind}, root, forbidden) for kind in kinds])
    return _of_type(kinds, schema, root, forbidden)


def _of_type(
    kind: str, schema: Mapping[str, Any], root: Mapping[str, Any], forbidden: tuple[str, ...]
) -> st.SearchStrategy[Any]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if kind == "string":
        return texts(schema, forbidden)
    if kind == "integer":
        return st.integers(-(10**9) if least is None else least, 10**9 if most is None else most)
    if kind == "number":
        return st.integers(0, 90).map(lambda tenths: tenths / 10)
    if kind == "array":
        item = values(schema["items"], root, ())
        return st.lists(item, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 3))
    if kind == "object":
        return arguments(schema, root, ())
    return st.booleans() if kind == "boolean" else st.none()


@st.composite
def arguments(
    draw: st.DrawFn, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, forbidden: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Arguments under a tool's schema; optional ones come and go."""
    root = root or schema
    chosen: dict[str, Any] = {}
    for key, value in schema["properties"].items():
        if key in schema["required"] or draw(st.booleans()):
            chosen[key] = draw(values(value, root, forbidden))
    return chosen
