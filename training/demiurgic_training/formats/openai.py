"""Messages as OpenAI's interface knows them, whose fine-tuning files have this form. Our own rows are a case of it.

    {"messages": [{"role": "user", "content": "..."}, ...], "tools": [...]}

Content in parts becomes one text; only parts of text can be read. A developer's message is a system's.
"""

from collections.abc import Mapping
from typing import Any, cast

from demiurgic.messages import Json, JsonObject
from demiurgic.messages_json import NoMessage, read_conversation
from demiurgic_training.formats import fields
from demiurgic_training.rows import Row, meta_of

_KNOWN = ("messages", "tools", "functions", "meta")


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    return "messages" in value


def read(value: Mapping[str, Json]) -> Row:
    """What the line says. Raises NoMessage."""
    messages = read_conversation([_plain(message) for message in fields.objects(value, "messages")])
    tools = fields.tools(value.get("tools") or value.get("functions"))
    return fields.conversation(list(messages), tools, meta_of(value, _KNOWN))


def _plain(message: JsonObject) -> JsonObject:
    """The same in the form that the runtime reads."""
    plain = dict(message)
    if plain.get("role") == "developer":
        plain["role"] = "system"
    if isinstance(plain.get("content"), list):
        plain["content"] = "".join(_part(part) for part in cast("list[Any]", plain["content"]))
    if plain.get("content") is None and isinstance(plain.get("refusal"), str):
        plain["content"] = plain["refusal"]
    return _of_today(plain)


def _of_today(plain: dict[str, Json]) -> JsonObject:
    """Calls as they are written today: there was a time when they had no ids, and results the role of a function."""
    if plain.get("role") == "function":
        return {**plain, "role": "tool", "tool_call_id": plain.get("name")}
    call = plain.get("function_call")
    if isinstance(call, dict):
        name = cast("dict[str, Any]", call).get("name")
        return {**plain, "tool_calls": [{"id": name, "function": call}]}
    return plain


def _part(part: Json) -> str:
    match part:
        case {"type": "text", "text": str() as text}:
            return text
        case {"type": kind}:
            raise NoMessage(f"a part of kind {kind!r} is no text")
        case _:
            raise NoMessage("'content' is no text")
