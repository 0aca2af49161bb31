"""ChatML: `<|im_start|>role`, text, `<|im_end|>`. Qwen2.5, Hermes, SmolLM2 and many fine-tunes.

Tools are declared and called the Hermes way. SmolLM2's own template knows no tools; it gets the same words.
"""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.templates.dialects import Hermes
from demiurgic.templates.family import Family, declared, dumps
from demiurgic.templates.protocol import Segment, Vocabulary
from demiurgic.templates.script import Script

QWEN_PERSONA = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
SMOLLM_PERSONA = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
START, END = "<|im_start|>", "<|im_end|>"
HERMES_TAGS = ("<tool_call>", "</tool_call>")


def declare_tools(script: Script, tools: Sequence[Tool]) -> None:
    """The Hermes declaration of tools, as Qwen2.5 was taught it."""
    script.markup(
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
    )
    for tool in tools:
        script.content(f"\n{dumps(declared(tool))}")
    script.markup(
        "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
        "within <tool_call></tool_call> XML tags:\n<tool_call>\n"
        '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    )


class ChatML(Family):
    """`persona` stands in for a system message where there is none."""

    family = "chatml"
    stops = (END,)
    dialect = Hermes()
    tags = HERMES_TAGS

    def __init__(self, vocabulary: Vocabulary, persona: str = "") -> None:
        super().__init__(vocabulary)
        self.persona = persona

    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments."""
        script = Script()
        leading = 1 if conversation and isinstance(conversation[0], System) else 0
        script.at = leading - 1
        self._head(script, conversation[0].text if leading else None, tools)
        for index in range(leading, len(conversation)):
            script.at = index
            self._turn(script, conversation, index)
        script.at = -1
        if generate:
            script.markup(f"{START}assistant\n")
        return script.done()

    def _head(self, script: Script, system: str | None, tools: Sequence[Tool]) -> None:
        if system is None and not self.persona and not tools:
            return
        script.markup(f"{START}system\n")
        if system is None:
            script.markup(self.persona)
        else:
            script.content(system)
        if tools:
            script.markup("\n\n" if system or self.persona else "")
            declare_tools(script, tools)
        script.markup(f"{END}\n")

    def _turn(self, script: Script, conversation: Sequence[Message], index: int) -> None:
        message = conversation[index]
        match message:
            case System(text) | User(text):
                script.markup(f"{START}{message.role}\n")
                script.content(text)
                script.markup(f"{END}\n")
            case Assistant():
                script.markup(f"{START}assistant\n")
                self._spoken_turn(script, message)
                script.wrote_markup(END)
                script.markup("\n")
            case ToolResult(_, _, text):
                script.markup("" if is_result(conversation, index - 1) else f"{START}user")
                script.markup("\n<tool_response>\n")
                script.content(text)
                script.markup("\n</tool_response>")
                script.markup("" if is_result(conversation, index + 1) else f"{END}\n")

    def _spoken_turn(self, script: Script, message: Assistant) -> None:
        script.wrote(message.text)
        if message.calls:
            script.wrote_calls(("\n" if message.text else "") + self.write_calls(message.calls), self.tags)


def is_result(conversation: Sequence[Message], index: int) -> bool:
    """Whether a tool's result stands there."""
    return 0 <= index < len(conversation) and isinstance(conversation[index], ToolResult)
