"""ChatGLM3's own form: a call and its result are one turn of the role `tool`.

{"conversations": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "what it thinks"},
                   {"role": "tool", "name": "...", "parameters": {...}, "observation": ...}, ...], "tools": [...]}
"""

from collections.abc import Mapping

from demiurgic.messages import Assistant, Json, JsonObject, System, User
from demiurgic.messages_json import NoMessage
from demiurgic_training.formats import fields
from demiurgic_training.formats.calling import Talk
from demiurgic_training.rows import Row

_SAID = {"user": User, "assistant": Assistant, "system": System}


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    match value.get("conversations"):
        case [{"role": _}, *_]:
            return True
        case _:
            return False


def read(value: Mapping[str, Json]) -> Row:
    """What the line says. Raises NoMessage."""
    talk = Talk()
    for turn in fields.objects(value, "conversations"):
        _take(talk, turn)
    meta = fields.others(value, "conversations", "tools")
    return fields.conversation(talk.messages, fields.tools(value.get("tools")), meta)


def _take(talk: Talk, turn: JsonObject) -> None:
    role = fields.text(turn, "role")
    if role in _SAID:
        talk.say(_SAID[role](fields.text(turn, "content")))
    elif role == "tool":
        call = fields.call_of({"name": turn.get("name"), "arguments": turn.get("parameters")})
        if call is None or "observation" not in turn:
            raise NoMessage("a tool's turn has a 'name', 'parameters' and an 'observation'")
        talk.call(*call)
        talk.result(turn["observation"])
    else:
        raise NoMessage(f"the role {role!r} is none of {', '.join(_SAID)}, tool")
