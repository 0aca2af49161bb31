"""A prompt and its completion, as text or as messages; also under the names that others give them.

{"prompt": "...", "completion": "..."}
{"prompt": [{"role": "user", "content": "..."}], "completion": [{"role": "assistant", "content": "..."}]}
"""

from collections.abc import Mapping

from demiurgic.messages import Assistant, Json, Message, System, User
from demiurgic.messages_json import read_conversation
from demiurgic_training.formats import fields
from demiurgic_training.rows import Row

_ASKED, _ANSWERED = ("prompt", "query", "question"), ("completion", "response", "answer")
_KNOWN = (*_ASKED, *_ANSWERED, "system", "tools")


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    return any(name in value for name in _ASKED) and any(name in value for name in _ANSWERED)


def read(value: Mapping[str, Json]) -> Row:
    """What the line says. Raises NoMessage."""
    if isinstance(value.get("prompt"), list) or isinstance(value.get("completion"), list):
        said = (*read_conversation(value.get("prompt")), *read_conversation(value.get("completion")))
        return fields.conversation(list(said), fields.tools(value.get("tools")), fields.others(value, *_KNOWN))
    messages: list[Message] = [System(value["system"])] if fields.text_or(value, "system") else []
    messages += [User(fields.text(value, *_ASKED)), Assistant(fields.text(value, *_ANSWERED))]
    return fields.conversation(messages, fields.tools(value.get("tools")), fields.others(value, *_KNOWN))
