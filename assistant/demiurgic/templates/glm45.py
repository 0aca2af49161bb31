"""GLM-4.5, 4.6 (tags on lines of their own) and GLM-4.7 and later (no line breaks at all).

Their own templates empty the thoughts of earlier turns whenever a person speaks. With `keep_thoughts`, the default,
what was said stays as it was said, so that nothing has to be read again; without it the rendering is theirs.
"""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.templates.chatml import is_result
from demiurgic.templates.dialects import TaggedCalls
from demiurgic.templates.family import declared, dumps
from demiurgic.templates.glm import ASSISTANT, OBSERVATION, PREFIX, SYSTEM, USER, GlmFamily, GlmScript
from demiurgic.templates.protocol import Reasoning, Segment

_ARGUMENT = "<arg_key>{{arg-key-{0}}}</arg_key>", "<arg_value>{{arg-value-{0}}}</arg_value>"


class Glm45(GlmFamily):
    """GLM-4.5 and 4.6."""

    family = "glm4.5"
    break_ = "\n"
    dialect = TaggedCalls(newlines=True)
    tags = ("<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")
    reasoning = Reasoning("<think>", "</think>")

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
        asked = max((i for i, message in enumerate(conversation) if isinstance(message, User)), default=-1)
        for index, message in enumerate(conversation):
            script.at = index
            if isinstance(message, Assistant):
                script.open(ASSISTANT)
                self._answer(script, message, recent=self.keep_thoughts or index > asked, think=think)
            else:
                self._said(script, message, first=not is_result(conversation, index - 1), think=think)
        return self._finish(script, conversation, self._opening(think=think) if generate else None)

    def _opening(self, *, think: bool) -> str:
        return "" if think else "\n<think></think>"

    def _no_think(self, text: str, *, think: bool) -> str:
        return "" if think or text.endswith("/nothink") else "/nothink"

    def _declare(self, script: GlmScript, tools: Sequence[Tool]) -> None:
        script.open(SYSTEM)
        script.markup(
            "\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
            "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
        )
        for tool in tools:
            script.content(f"{dumps(declared(tool))}\n")
        one, two = (self.break_.join(part.format(number) for part in _ARGUMENT) for number in (1, 2))
        script.markup(
            "</tools>\n\nFor each function call, output the function name and arguments within the following XML "
            "format:\n" + self.break_.join(["<tool_call>{function-name}", one, two, "...", "</tool_call>"])
        )

    def _said(self, script: GlmScript, message: Message, *, first: bool, think: bool) -> None:
        match message:
            case System(text):
                script.open(SYSTEM)
                script.markup(self.break_)
                script.content(text)
            case User(text):
                script.open(USER)
                script.markup(self.break_)
                script.content(text)
                script.markup(self._no_think(text, think=think))
            case ToolResult(_, _, text):
                if first:
                    script.open(OBSERVATION)
                script.markup(f"{self.break_}<tool_response>{self.break_}")
                script.content(text)
                script.markup(f"{self.break_}</tool_response>")
            case Assistant():
                raise TypeError("the assistant's turns are written elsewhere")

    def _answer(self, script: GlmScript, message: Assistant, *, recent: bool, think: bool) -> None:
        self._thoughts(script, message.reasoning.strip() if recent else "", think=think)
        if message.text.strip():
            script.wrote(self.break_ + message.text.strip())
        if message.calls:
            script.wrote_calls(self.break_ + self.write_calls(message.calls), self.tags)

    def _thoughts(self, script: GlmScript, reasoning: str, *, think: bool) -> None:
        write = script.wrote_markup if think else script.markup
        write("\n<think>")
        script.wrote(reasoning)
        write("</think>")


class Glm47(Glm45):
    """GLM-4.7 and later: the prompt ends within the first thought, or behind it."""

    family = "glm4.7"
    break_ = ""
    dialect = TaggedCalls(newlines=False)
    reasoning = Reasoning("<think>", "</think>", prefilled=True)

    def _opening(self, *, think: bool) -> str:
        return "<think>" if think else "</think>"

    def _no_think(self, text: str, *, think: bool) -> str:
        return ""

    def _thoughts(self, script: GlmScript, reasoning: str, *, think: bool) -> None:
        if reasoning:
            script.markup("<think>")
            script.wrote(reasoning)
            script.wrote_markup("</think>")
        elif self.keep_thoughts and think:
            script.markup("<think>")
            script.wrote_markup("</think>")
        else:
            script.markup("</think>")
