"""The one JSON form of events, with the messages and views in them: in files, on pipes, over HTTP, towards editors.

Each line is an object that names its version and its type. A reader passes over fields that it does not know; a type
that it does not know it refuses, for it cannot tell what it would miss.
"""

from demiurgic.agent.events import AgentEvent
from demiurgic.agent.sessions.values import Mismatch, from_json, to_json
from demiurgic.errors import SessionError
from demiurgic.messages import Json, JsonObject
from demiurgic.messages_json import json_bytes

VERSION = 1


def event_to_json(event: AgentEvent) -> JsonObject:
    """An event as it goes into a file or over a wire."""
    return to_json(event)


def event_from_json(value: Json) -> AgentEvent:
    """Raises SessionError."""
    try:
        return from_json(AgentEvent, value)
    except Mismatch as error:
        newer = isinstance(value, dict) and value.get("v", VERSION) != VERSION  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        hint = "it was written by a newer version: update this one" if newer else ""
        raise SessionError(f"this is no event: {error}", hint) from error


def to_line(value: JsonObject) -> bytes:
    """One line, its end included, that names the version of this form."""
    return json_bytes({"v": VERSION, **value}) + b"\n"


def event_line(event: AgentEvent) -> bytes:
    """An event as one line of a stream."""
    return to_line(event_to_json(event))
