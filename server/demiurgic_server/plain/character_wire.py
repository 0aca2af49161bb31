"""The body of a talk with a character, what it means to a model, and the answer.

CharacterGLM was made for this and has a form of its own for who speaks with whom. Any other model is told in a system
message. The names of the metadata's fields are CharacterGLM's.
"""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from demiurgic.chat.protocol import ReplyOptions
from demiurgic.messages import Assistant, Message, User
from demiurgic.templates.characterglm import Persona
from demiurgic_server.problems import BadField
from demiurgic_server.wire import Body, Count, Seed, Share, Temperature, seed_of

# CharacterGLM heads each line of a scene with a name in brackets, so no name may end its own heading.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\[\]\x00-\x1f\x7f]+$"),
]


class SessionMeta(Body):
    """Who speaks with whom."""

    bot_name: Name
    bot_info: str = ""
    user_name: Name | None = None
    user_info: str = ""


class Line(Body):
    """What one of the two said. The character's lines are the assistant's."""

    role: Literal["user", "assistant"]
    content: str


class CharacterBody(Body):
    """A request for what a character says next."""

    session_meta: SessionMeta
    messages: Annotated[list[Line], Field(min_length=1)]
    model: str | None = None
    max_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    seed: Seed | None = None
    stream: bool = False


class TokenUsage(BaseModel):
    """What an answer took."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]


class SaidLine(BaseModel):
    """What the character says."""

    role: Literal["assistant"] = "assistant"
    content: str


class CharacterAnswer(BaseModel):
    """The answer in one piece."""

    id: str
    model: str
    character: str
    message: SaidLine
    usage: TokenUsage
    finish_reason: Literal["stop", "length"]


def persona_of(meta: SessionMeta) -> Persona:
    """The metadata as CharacterGLM takes it."""
    persona = Persona(user_info=meta.user_info, bot_name=meta.bot_name, bot_info=meta.bot_info)
    return persona if meta.user_name is None else replace(persona, user_name=meta.user_name)


def lines_of(messages: list[Line]) -> tuple[Message, ...]:
    """The conversation as values. Raises BadField where there is nothing for the character to answer."""
    if messages[-1].role != "user":
        raise BadField("messages", "messages: the last one must be the user's, for the character to answer it")
    return tuple(User(line.content) if line.role == "user" else Assistant(line.content) for line in messages)


def options_of(body: CharacterBody) -> ReplyOptions:
    """What the answer should be like. Characters speak without thinking first."""
    return ReplyOptions(
        max_tokens=body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=seed_of(body.seed),
        think=False,
    )
