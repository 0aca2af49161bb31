"""GLM-4's own form: tools stand in a system message, and what answers a call is an observation.

    {"messages": [{"role": "system", "content": "", "tools": [...]}, {"role": "user", "content": "..."},
                  {"role": "assistant", "metadata": "tool's name", "content": "{...}"},
                  {"role": "observation", "content": "..."}, {"role": "assistant", "content": "..."}]}

A call may also be spelled as the model writes it, its name on a line above the arguments, or as one JSON object.
"""

import json
from collections.abc import Mapping

from demiurgic.messages import Assistant, Json, JsonObject, System, Tool, User
from demiurgic.messages_json import NoMessage
from demiurgic_training.formats import fields
from demiurgic_training.formats.calling import Talk
from demiurgic_training.rows import Row, meta_of


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    match value.get("messages"):
        case [*messages]:
            return any(_is_own(message) for message in messages)
        case _:
            return False


def read(value: Mapping[str, Json]) -> Row:
    """What the line says. Raises NoMessage."""
    talk, tools = Talk(), fields.tools(value.get("tools"))
    turns = fields.objects(value, "messages")
    for turn, following in zip(turns, [*turns[1:], {}], strict=True):
        tools += _take(talk, turn, called=following.get("role") == "observation")
    return fields.conversation(talk.messages, tools, meta_of(value, ("messages", "tools", "meta")))


def _take(talk: Talk, turn: JsonObject, *, called: bool) -> tuple[Tool, ...]:
    """Add a turn; the tools that it declares."""
    said = fields.text_or(turn, "content")
    match fields.text(turn, "role"):
        case "system":
            if said:
                talk.say(System(said))
            return fields.tools(turn.get("tools"))
        case "user":
            talk.say(User(said))
        case "observation":
            talk.result(said)
        case "assistant":
            _assistant(talk, said, fields.text_or(turn, "metadata").strip(), called=called)
        case role:
            raise NoMessage(f"the role {role!r} is none of system, user, assistant, observation")
    return ()


def _assistant(talk: Talk, said: str, name: str, *, called: bool) -> None:
    if not name and not called:
        talk.say(Assistant(said))
        return
    call = _call(said, name)
    if call is None:
        raise NoMessage("an observation follows, and what stands before it is no call")
    talk.call(*call)


def _call(said: str, name: str) -> tuple[str, JsonObject] | None:
    if not name and (call := fields.call_of(said)):
        return call
    head, _, rest = said.partition("\n")
    try:
        return fields.call_of({"name": name or head.strip(), "arguments": json.loads(said if name else rest)})
    except (ValueError, RecursionError):
        return None


def _is_own(message: Json) -> bool:
    match message:
        case {"role": "observation"} | {"tools": _, "role": "system"} | {"metadata": _}:
            return True
        case _:
            return False
