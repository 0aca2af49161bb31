"""What training learns from: conversations, and pairs of answers of which one is better. Frozen, with a JSON form.

    {"messages": [...], "tools": [...], "meta": {...}}
    {"prompt": [...], "chosen": [one message], "rejected": [one message], "meta": {...}}

Messages are the runtime's own values, and their form is that of session exports. `meta` holds what is known of a row
and is never shown to a model. Parts of the program agree on these names in it, all of them optional:

    source      where it is from: a file, an address, a seed      licence    of that source
    teacher     the model that wrote the answer                   cost       {"amount": 0.0012, "currency": "USD"}
    finish      why the answer ended: stop or length              verdicts   what sandboxes, judges and filters said
    page        of rows that must not be split apart, what they share
    tests       Python that must hold of the answer's code: asserts, or functions named test_* that make them
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from demiurgic.messages import Assistant, Json, JsonObject, Message, System, Tool, User
from demiurgic.messages_json import NoMessage, read_conversation, read_tools, write_message, write_tool


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation. It has a message at least; nothing else is promised of it."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    meta: JsonObject = field(default_factory=dict[str, Json])

    @property
    def question(self) -> str:
        """What the user said first; empty where nobody asked."""
        return next((message.text for message in self.messages if isinstance(message, User)), "")

    @property
    def answer(self) -> str:
        """What the assistant said last; empty where it never did."""
        return next((message.text for message in reversed(self.messages) if isinstance(message, Assistant)), "")

    def noting(self, **more: Json) -> "Row":
        """The same, with more known of it."""
        return replace(self, meta={**self.meta, **more})


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt, of which the first is better."""

    prompt: tuple[Message, ...]
    chosen: Assistant
    rejected: Assistant
    meta: JsonObject = field(default_factory=dict[str, Json])


_ROW_FIELDS = ("messages", "tools", "meta")


def asked(question: str, answer: str, system: str = "", meta: JsonObject | None = None) -> Row:
    """A conversation of one question and its answer."""
    above = (System(system),) if system else ()
    return Row((*above, User(question), Assistant(answer)), meta=meta or {})


def row_to_json(row: Row) -> dict[str, Json]:
    """A row as it stands in a file."""
    return {
        "messages": [write_message(message) for message in row.messages],
        "tools": [write_tool(tool) for tool in row.tools],
        "meta": dict(row.meta),
    }


def row_from_json(value: Mapping[str, Json]) -> Row:
    """A row. Fields that have no place in it are kept in its `meta`. Raises NoMessage."""
    messages = read_conversation(value.get("messages"))
    if not messages:
        raise NoMessage("'messages' is empty")
    return Row(messages, read_tools(value.get("tools") or []), meta_of(value, _ROW_FIELDS))


def pair_to_json(pair: Pair) -> dict[str, Json]:
    """A pair as it stands in a file."""
    return {
        "prompt": [write_message(message) for message in pair.prompt],
        "chosen": [write_message(pair.chosen)],
        "rejected": [write_message(pair.rejected)],
        "meta": dict(pair.meta),
    }


def meta_of(value: Mapping[str, Json], known: tuple[str, ...]) -> dict[str, Json]:
    """What is known of a row: its `meta`, and the fields that have no place elsewhere. Raises NoMessage."""
    meta = value.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise NoMessage(f"'meta' is {type(meta).__name__} instead of an object")
    others = {name: held for name, held in value.items() if name not in known and held is not None}
    return {**others, **(meta or {})}
