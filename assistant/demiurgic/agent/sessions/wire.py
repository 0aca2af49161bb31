"""The one JSON form of events, messages and views: in files, on pipes, over HTTP and towards editors.

Each line is an object that names its version and its type. A reader passes over fields that it does not know; a type
that it does not know it refuses, for it cannot tell what it would miss.
"""

from typing import Any

from demiurgic.agent.events import AgentEvent
from demiurgic.agent.sessions.values import Mismatch, from_json, to_json
from demiurgic.errors import SessionError
from demiurgic.messages import Json, JsonObject, Message
from demiurgic.messages_json import json_bytes
from demiurgic.tools.protocol import View

VERSION = 1

_KINDS: dict[str, Any] = {"event": AgentEvent, "message": Message, "view": View}


def event_to_json(event: AgentEvent) -> JsonObject:
    """An event as it goes into a file or over a wire."""
    return to_json(event)


def event_from_json(value: Json) -> AgentEvent:
    """Raises SessionError."""
    return _read("event", value)


def message_to_json(message: Message) -> JsonObject:
    """A message as it goes into a file or over a wire."""
    return to_json(message)


def message_from_json(value: Json) -> Message:
    """Raises SessionError."""
    return _read("message", value)


def view_to_json(view: View) -> JsonObject:
    """A view as it goes into a file or over a wire."""
    return to_json(view)


def view_from_json(value: Json) -> View:
    """Raises SessionError."""
    return _read("view", value)


def to_line(value: JsonObject) -> bytes:
    """One line, its end included, that names the version of this form."""
    return json_bytes({"v": VERSION, **value}) + b"\n"


def event_line(event: AgentEvent) -> bytes:
    """An event as one line of a stream."""
    return to_line(event_to_json(event))


def _read(what: str, value: Json) -> Any:  # noqa: ANN401 - as the kind says
    try:
        return from_json(_KINDS[what], value)
    except Mismatch as error:
        newer = isinstance(value, dict) and value.get("v", VERSION) != VERSION  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        hint = "it was written by a newer version: update this one" if newer else ""
        raise SessionError(f"this is no {what}: {error}", hint) from error
