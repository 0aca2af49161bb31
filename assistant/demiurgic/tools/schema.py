"""The few shapes that arguments of our tools take, as JSON Schema."""

from collections.abc import Mapping

from demiurgic.messages import JsonObject

TEXT: JsonObject = {"type": "string"}
WHOLE: JsonObject = {"type": "integer"}
YES_OR_NO: JsonObject = {"type": "boolean"}


def arguments(required: Mapping[str, JsonObject], optional: Mapping[str, JsonObject] | None = None) -> JsonObject:
    """What a call must say and may say, in this order."""
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def told(kind: JsonObject, description: str) -> JsonObject:
    """An argument whose name does not say it all."""
    return {**kind, "description": description}
