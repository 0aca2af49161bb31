"""Talking with a character: CharacterGLM has a form of its own for who speaks with whom, any other model is told."""

from collections.abc import Sequence

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.messages import Message, System
from demiurgic.templates.characterglm import CharacterGlm, Persona

NOBODY = "the user"
"""Whom a model without names of its own is told that it speaks with, where the user has none."""


def reply_as(
    persona: Persona, model: ChatModel, lines: Sequence[Message], options: ReplyOptions = ReplyOptions()
) -> Reply:
    """What the character says next. `lines` are the talk so far, the character's being the assistant's."""
    if isinstance(model, LocalChat) and isinstance(model.template, CharacterGlm):
        return model.speaking(CharacterGlm(model.template.vocabulary, persona)).reply(lines, options=options)
    return model.reply((introduction(persona), *lines), options=options)


def introduction(persona: Persona) -> System:
    """Who speaks with whom, in words for a model that has no form for it."""
    bot = persona.bot_name
    user = NOBODY if persona.user_name == Persona().user_name else persona.user_name
    told = (
        f"You are {bot}, and you speak with {user}.",
        persona.bot_info and f"What is known of {bot}: {persona.bot_info}",
        persona.user_info and f"What is known of {user}: {persona.user_info}",
        f"Write only what {bot} says next, in character and in the conversation's language.",
    )
    return System("\n".join(filter(None, told)))
