"""Fields of lines that others wrote. What is not what it should be is told in words that name the field."""

import json
from collections.abc import Mapping
from typing import Any, cast

from demiurgic.messages import Json, JsonObject, Message, Tool
from demiurgic.messages_json import NoMessage, read_tools
from demiurgic_training.rows import Row


def text(value: Mapping[str, Json], *names: str) -> str:
    """The text of the first of these fields that is there. Raises NoMessage."""
    for name in names:
        if value.get(name) is not None:
            return _expect(str, value[name], name)
    raise NoMessage(f"{names[0]!r} is missing")


def text_or(value: Mapping[str, Json], name: str, usual: str = "") -> str:
    """The text of a field, or what is usual where it is not there. Raises NoMessage."""
    return usual if value.get(name) is None else text(value, name)


def objects(value: Mapping[str, Json], name: str) -> list[JsonObject]:
    """The objects of a field that is a list; none where it is not there. Raises NoMessage."""
    held: list[Any] = _expect(list, value.get(name) or [], name)
    return [_expect(dict, item, f"{name}[{at}]") for at, item in enumerate(held)]


def tools(value: Json) -> tuple[Tool, ...]:
    """Tools as a list, or as text that holds one. Raises NoMessage."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except (ValueError, RecursionError) as error:
            raise NoMessage(f"'tools' is no JSON: {error}") from error
    return read_tools(value or [])


def conversation(messages: list[Message], tools: tuple[Tool, ...] = (), meta: JsonObject | None = None) -> Row:
    """A row of these. Raises NoMessage where nothing is said in it."""
    if not messages:
        raise NoMessage("nothing is said in it")
    return Row(tuple(messages), tools, meta or {})


def others(value: Mapping[str, Json], *known: str) -> dict[str, Json]:
    """The fields that a form has no place for; they are kept in a row's meta."""
    return {name: held for name, held in value.items() if name not in known and held is not None}


def call_of(said: Json) -> tuple[str, JsonObject] | None:
    """The call that a text is, written as JSON with a name and arguments; None where it is no call."""
    try:
        held: Json = json.loads(said) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict):
        return None
    fields = cast("dict[str, Any]", held)
    name, arguments = fields.get("name"), fields.get("arguments", fields.get("parameters"))
    if isinstance(arguments, str):
        return _unfolded(name, arguments)
    return (name, cast("JsonObject", arguments)) if isinstance(name, str) and isinstance(arguments, dict) else None


def _unfolded(name: Json, arguments: str) -> tuple[str, JsonObject] | None:
    try:
        return call_of({"name": name, "arguments": json.loads(arguments)})
    except (ValueError, RecursionError):
        return None


def _expect(kind: type, value: Json, name: str) -> Any:  # noqa: ANN401 - of the kind
    if not isinstance(value, kind):
        raise NoMessage(f"{name!r} is {type(value).__name__} instead of {kind.__name__}")
    return value
