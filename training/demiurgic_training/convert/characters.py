"""Talks with characters: who they are is known of a conversation, and is not part of what is said.

    {"session_meta": {"user_name": "...", "user_info": "...", "bot_name": "...", "bot_info": "..."},
     "messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}

In a row they stand in `meta` under `character`. CharacterGLM's plain text is rendered by the runtime's own template.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from demiurgic.chat.characters import introduction
from demiurgic.messages import Assistant, Json, Message
from demiurgic.messages_json import NoMessage, read_conversation
from demiurgic.templates.characterglm import CharacterGlm, Persona
from demiurgic.templates.protocol import Template, Vocabulary
from demiurgic_training.formats.fields import text_or
from demiurgic_training.rows import Row, meta_of

FIELDS = ("user_name", "user_info", "bot_name", "bot_info")
_KNOWN = (*FIELDS, "session_meta", "messages", "conversations", "meta")


def read_talk(value: Mapping[str, Json]) -> Row:
    """The talk of a line; the character's fields stand in `session_meta` or beside the messages. Raises NoMessage."""
    given = value.get("session_meta")
    known = cast("dict[str, Any]", given) if isinstance(given, dict) else value
    character = {name: text_or(known, name) for name in FIELDS}
    if not character["bot_name"].strip():
        raise NoMessage("'bot_name' is missing: nobody knows who speaks")
    if any(letter in character[name] for name in ("bot_name", "user_name") for letter in "[]\n"):
        raise NoMessage("a name holds a bracket or a line break, which head the lines of a talk")
    messages = read_conversation(value.get("messages") or value.get("conversations"))
    if not any(isinstance(message, Assistant) for message in messages):
        raise NoMessage("the character says nothing")
    return Row(messages, meta={**meta_of(value, _KNOWN), "character": character})


def persona_of(row: Row) -> Persona:
    """Who speaks with whom in a row; whom nobody named has the template's own name."""
    held = row.meta.get("character")
    known = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
    return Persona(**{name: known[name] for name in FIELDS if isinstance(known.get(name), str) and known[name]})


def in_character(row: Row, template: Template) -> tuple[Sequence[Message], Template]:
    """A row's messages, and the template that writes them: CharacterGLM's with who speaks in it, or another one behind
    a system message that says so. The same words are used when the model is talked with."""
    if "character" not in row.meta:
        return row.messages, template
    persona = persona_of(row)
    if isinstance(template, CharacterGlm):
        return row.messages, CharacterGlm(template.vocabulary, persona)
    return (introduction(persona), *row.messages), template


def plain_text(row: Row) -> str:
    """The talk as CharacterGLM reads it, to its end."""
    template = CharacterGlm(Vocabulary({}), persona_of(row))
    return "".join(segment.text for segment in template.render(row.messages, generate=False))
