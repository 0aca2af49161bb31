"""Alpaca: an instruction, perhaps what it is about, and the output.

{"instruction": "...", "input": "...", "output": "...", "system": "...", "history": [["question", "answer"], ...]}
"""

from collections.abc import Mapping

from demiurgic.chat.lenient import json_list
from demiurgic.messages import Assistant, Json, Message, System, User
from demiurgic.messages_json import NoMessage
from demiurgic_training.formats.fields import conversation, others, text, text_or
from demiurgic_training.rows import Row


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    return "instruction" in value and "output" in value


def read(value: Mapping[str, Json]) -> Row:
    """What the line says. Raises NoMessage."""
    instruction, about = text(value, "instruction"), text_or(value, "input")
    messages: list[Message] = [System(value["system"])] if text_or(value, "system") else []
    for turn in json_list(value.get("history")):
        messages += _turn(turn)
    messages.append(User("\n".join(filter(None, (instruction, about)))))
    messages.append(Assistant(text(value, "output")))
    return conversation(messages, meta=others(value, "instruction", "input", "output", "system", "history"))


def _turn(turn: Json) -> tuple[User, Assistant]:
    match turn:
        case [str() as question, str() as answer]:
            return User(question), Assistant(answer)
        case _:
            raise NoMessage("'history' is no list of questions and answers")
