"""A prompt with a better and a worse answer, as text or as messages.

    {"prompt": "...", "chosen": "...", "rejected": "..."}

Where there is no prompt, `chosen` and `rejected` are whole conversations that differ in their last message.
"""

from collections.abc import Mapping

from demiurgic.messages import Assistant, Json, Message, System, User
from demiurgic.messages_json import NoMessage, read_conversation
from demiurgic_training.formats.fields import text, text_or
from demiurgic_training.rows import Pair, meta_of

_KNOWN = ("prompt", "question", "chosen", "rejected", "system", "meta")


def fits(value: Mapping[str, Json]) -> bool:
    """Whether the fields of a line are this form's."""
    return "chosen" in value and "rejected" in value


def read(value: Mapping[str, Json]) -> Pair:
    """What the line says. Raises NoMessage."""
    prompt = _prompt(value)
    chosen, rejected = _answer(value, "chosen"), _answer(value, "rejected")
    if not prompt:
        prompt, chosen = chosen[:-1], chosen[-1:]
        if not prompt or prompt != rejected[:-1]:
            raise NoMessage("'prompt' is missing, and 'chosen' and 'rejected' do not begin alike")
        rejected = rejected[-1:]
    return Pair(prompt, _only(chosen, "chosen"), _only(rejected, "rejected"), meta_of(value, _KNOWN))


def _prompt(value: Mapping[str, Json]) -> tuple[Message, ...]:
    if isinstance(value.get("prompt"), list):
        return read_conversation(value["prompt"])
    if value.get("prompt") is None and value.get("question") is None:
        return ()
    above = (System(value["system"]),) if text_or(value, "system") else ()
    return (*above, User(text(value, "prompt", "question")))


def _answer(value: Mapping[str, Json], name: str) -> tuple[Message, ...]:
    held = value.get(name)
    if isinstance(held, str):
        return (Assistant(held),)
    try:
        return read_conversation(held if isinstance(held, list) else [held])
    except NoMessage as error:
        raise NoMessage(f"{name!r}: {error}") from error


def _only(messages: tuple[Message, ...], name: str) -> Assistant:
    match messages:
        case (Assistant() as answer,):
            return answer
        case _:
            raise NoMessage(f"{name!r} is not one message of the assistant")
