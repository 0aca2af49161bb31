"""ShareGPT: who says what, with calls and results as turns of their own.

{"conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}], "system": "...", "tools": "[]"}
"""

from collections.abc import Mapping

from demiurgic.messages import Assistant, Json, System, User
from demiurgic.messages_json import NoMessage
from demiurgic_training.formats import fields
from demiurgic_training.formats.calling import Talk
from demiurgic_training.rows import Row

_SAID = {"human": User, "user": User, "gpt": Assistant, "assistant": Assistant, "system": System}
_CALL, _RESULT = "function_call", ("observation", "tool", "function_response")


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    match value.get("conversations"):
        case [{"from": _}, *_]:
            return True
        case _:
            return False


def read(value: Mapping[str, Json]) -> Row:
    """What the line says. Raises NoMessage."""
    talk = Talk()
    if fields.text_or(value, "system"):
        talk.say(System(value["system"]))
    for turn in fields.objects(value, "conversations"):
        _take(talk, fields.text(turn, "from"), fields.text(turn, "value"))
    meta = fields.others(value, "conversations", "system", "tools")
    return fields.conversation(talk.messages, fields.tools(value.get("tools")), meta)


def _take(talk: Talk, who: str, said: str) -> None:
    if who in _SAID:
        talk.say(_SAID[who](said))
    elif who in _RESULT:
        talk.result(said)
    elif who == _CALL:
        call = fields.call_of(said)
        if call is None:
            raise NoMessage("a call is no JSON with a name and arguments")
        talk.call(*call)
    else:
        raise NoMessage(f"{who!r} says something, who is none of {', '.join((*_SAID, _CALL, *_RESULT))}")
