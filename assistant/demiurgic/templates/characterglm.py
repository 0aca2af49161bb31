"""CharacterGLM: a scene in plain text, with two names and what is known of them. It has no roles and no tools."""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Assistant, Message, Tool
from demiurgic.templates.family import Family
from demiurgic.templates.plain import PlainReader
from demiurgic.templates.protocol import Reasoning, ReplyReader, Segment, Vocabulary
from demiurgic.templates.script import Script


@dataclass(frozen=True, slots=True)
class Persona:
    """Who speaks with whom."""

    user_name: str = "用户"
    user_info: str = ""
    bot_name: str = "助手"
    bot_info: str = ""


class CharacterGlm(Family):
    """Turns are lines headed by a name in brackets; a line break within a turn becomes a space. The one that ends the
    character's turn is the character's own: it is how it stops."""

    family = "characterglm"

    def __init__(self, vocabulary: Vocabulary, persona: Persona = Persona()) -> None:
        super().__init__(vocabulary)
        self.persona = persona
        self.stops = (f"\n[{persona.user_name}]", f"\n[{persona.bot_name}]", "\n")

    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments. System messages add to what is known of the character."""
        script, who = Script(), self.persona
        told = " ".join(_line(message.text) for message in conversation if message.role == "system")
        script.content(f"以下是一段{who.bot_name}和{who.user_name}之间的对话。")
        script.content(f"\n关于{who.bot_name}的信息：{_line(' '.join(filter(None, (who.bot_info, told))))}")
        script.content(f"\n关于{who.user_name}的信息：{_line(who.user_info)}")
        spoke = False
        for index, message in enumerate(conversation):
            script.at = index
            if message.role == "system":
                continue
            script.content("" if spoke else "\n")
            if spoke := isinstance(message, Assistant):
                script.content(f"[{who.bot_name}]")
                script.wrote(f"{_line(message.text)}\n")
            else:
                script.content(f"[{who.user_name}]{_line(message.text)}")
        script.at = -1
        if generate:
            script.content(f"{'' if spoke else chr(10)}[{who.bot_name}]")
        return script.done()

    def reader(self, tools: Sequence[Tool] = (), *, think: bool = True) -> ReplyReader:
        """Everything is the answer."""
        return PlainReader()

    def reply_reasoning(self, *, think: bool) -> Reasoning | None:
        """It has no thoughts."""
        return None


def _line(text: str) -> str:
    return text.replace("\r\n", " ").replace("\n", " ").strip()
