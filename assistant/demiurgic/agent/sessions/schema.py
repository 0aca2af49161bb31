"""The JSON Schema of the stream, made from the dataclasses: `python -m demiurgic.agent.sessions.schema`.

It describes what this version writes. Readers of other versions' lines should pass over fields that it does not name.
"""

import inspect
import json
import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from demiurgic.agent.events import AgentEvent
from demiurgic.agent.sessions.values import TAG, plain_fields, tag_of
from demiurgic.agent.sessions.wire import VERSION
from demiurgic.messages import Json, JsonObject, Message
from demiurgic.tools.protocol import View

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}


def schema() -> JsonObject:
    """The schema of one line of `stream-json`: an event with the version."""
    known: dict[str, Json] = {}
    events = _schema_of(AgentEvent, known)
    for name, kind in (("message", Message), ("view", View)):
        known[name] = _schema_of(kind, known)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of the event stream",
        "description": "A turn begins with turn_started and ends with exactly one turn_ended.",
        "type": "object",
        "properties": {"v": {"const": VERSION}},
        "required": ["v", TAG],
        **events,
        "$defs": dict(sorted(known.items())),
    }


def _schema_of(kind: Any, known: dict[str, Json]) -> dict[str, Json]:  # noqa: ANN401, PLR0911 - any annotation
    if is_dataclass(kind):
        return _reference(kind, known)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema_of(part, known) for part in parts]}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is tuple and parts[-1] is ...:
        return {"type": "array", "items": _schema_of(parts[0], known)}
    if origin is tuple:
        items = [_schema_of(part, known) for part in parts]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    return {"type": _PLAIN[kind]} if kind in _PLAIN else {}


def _reference(kind: Any, known: dict[str, Json]) -> dict[str, Json]:  # noqa: ANN401
    name = tag_of(kind)
    if name not in known:
        known[name] = {}  # so that a type that holds itself ends here
        hints = plain_fields(kind)
        known[name] = {
            "description": inspect.cleandoc(kind.__doc__ or ""),
            "type": "object",
            "properties": {TAG: {"const": name}} | {key: _schema_of(hint, known) for key, (hint, _) in hints.items()},
            "required": [TAG]
            + [key for key, (_, it) in hints.items() if it.default is MISSING and it.default_factory is MISSING],
        }
    return {"$ref": f"#/$defs/{name}"}


def text() -> str:
    """The schema as the file in docs/ holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
