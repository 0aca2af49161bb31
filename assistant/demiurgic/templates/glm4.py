"""GLM-4: glm-4-9b-chat, GLM-4-0414 and Z1. The first line of a turn holds a tool's name or nothing.

Their own templates drop tool calls and results; here a call is a turn of its own headed by the tool's name, and
a result is an observation, as the models were trained.
"""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.templates.dialects import Glm4Calls
from demiurgic.templates.family import dumps, function
from demiurgic.templates.glm import ASSISTANT, OBSERVATION, PREFIX, SYSTEM, USER, GlmFamily, GlmScript
from demiurgic.templates.protocol import Reasoning, Segment

_TOOLS = "# 可用工具"
_USAGE = "在调用上述函数时，请使用 Json 格式表示调用的参数。"
_PERSONA = (
    "你是一个名为 ChatGLM 的人工智能助手。你是基于智谱AI训练的语言模型 GLM-4 模型开发的，"
    "你的任务是针对用户的问题和要求提供适当的答复和支持。\n\n"
)


class Glm4(GlmFamily):
    """GLM-4-0414: all system messages come first."""

    family = "glm4-0414"
    dialect = Glm4Calls()
    persona = ""

    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments."""
        script = GlmScript()
        script.markup(PREFIX)
        if tools:
            self._declare(script, tools)
        for index in self._order(conversation):
            script.at = index
            self._turn(script, conversation[index])
        return self._finish(script, conversation, self._opening(think=think) if generate else None)

    def _order(self, conversation: Sequence[Message]) -> list[int]:
        return sorted(range(len(conversation)), key=lambda index: not isinstance(conversation[index], System))

    def _opening(self, *, think: bool) -> str:
        return ""

    def _declare(self, script: GlmScript, tools: Sequence[Tool]) -> None:
        script.open(SYSTEM)
        script.markup(f"\n{self.persona}{_TOOLS}")
        for tool in tools:
            script.content(f"\n\n## {tool.name}\n\n{dumps(function(tool), indent=4)}\n")
            script.markup(_USAGE)

    def _turn(self, script: GlmScript, message: Message) -> None:
        match message:
            case System(text) | User(text) | ToolResult(_, _, text):
                script.open({"system": SYSTEM, "user": USER, "tool": OBSERVATION}[message.role])
                script.markup("\n")
                script.content(text)
            case Assistant(text, reasoning, calls):
                if text or not calls:
                    script.open(ASSISTANT)
                    self._think(script, reasoning)
                    script.wrote(f"\n{text}")
                for call in calls:
                    script.open(ASSISTANT)
                    script.wrote(self.write_calls([call]))

    def _think(self, script: GlmScript, reasoning: str) -> None:
        """Thoughts before the answer, where the family has any."""


class Glm4Chat(Glm4):
    """glm-4-9b-chat: introduces itself where tools are declared; system messages stay in their places."""

    family = "glm4-chat"
    persona = _PERSONA

    def _order(self, conversation: Sequence[Message]) -> list[int]:
        return list(range(len(conversation)))


class GlmZ1(Glm4):
    """GLM-Z1-0414: the prompt ends within the first thought."""

    family = "glm-z1"
    persona = _PERSONA
    reasoning = Reasoning("<think>", "</think>", prefilled=True)

    def _opening(self, *, think: bool) -> str:
        return "\n<think>" if think else ""

    def _think(self, script: GlmScript, reasoning: str) -> None:
        if self.keep_thoughts and reasoning:
            script.markup("\n<think>")
            script.wrote(reasoning)
            script.wrote_markup("</think>")
