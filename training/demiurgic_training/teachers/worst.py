"""The most that a question can cost, known before it is sent and without the provider's tokenizer.

A token stands for one byte of text at least, so a prompt has no more tokens than bytes. Around every message and
every request a template writes some more, and a schema is put into words by the provider: for these there is room.
The answer has no more tokens than were asked for.
"""

import json

from demiurgic.chat.remote import Ask
from demiurgic.errors import UserError
from demiurgic.messages import Usage
from demiurgic.messages_json import write_message, write_tool
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.prices import Price

_ROOM_AROUND_MESSAGE = 32
_ROOM_AROUND_REQUEST = 256
_ROOM_FOR_TOOLS = 2048


def most_tokens(ask: Ask) -> Usage:
    """No request for this takes more tokens. Raises UserError where the answer's length is not limited."""
    if ask.options.max_tokens is None:
        raise UserError("the answer may be of any length, so that its cost has no limit", "set max_tokens")
    sent = [*map(write_message, ask.conversation), *map(write_tool, ask.tools), ask.options.answer_schema or {}]
    written = json.dumps(sent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    room = _ROOM_AROUND_REQUEST + _ROOM_AROUND_MESSAGE * len(ask.conversation)
    if ask.tools or ask.options.answer_schema:
        room += _ROOM_FOR_TOOLS
    return Usage(prompt=len(written) + room, completion=ask.options.max_tokens)


def worst_cost(ask: Ask, price: Price) -> Money:
    """No single request for this costs more. Raises UserError where the price does not hold for it."""
    most = most_tokens(ask)
    if price.up_to is not None and most.prompt > price.up_to:
        raise UserError(
            f"a prompt of {most.prompt} bytes may have more than the {price.up_to} tokens that its price holds for",
            "shorten it, or give the price of long prompts with --price",
        )
    return price.of(most)
