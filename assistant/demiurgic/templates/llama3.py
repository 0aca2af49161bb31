"""Llama 3.1 and later: headers between special tokens, tools declared in the first user turn."""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.templates.dialects import Llama3Calls
from demiurgic.templates.family import Family, declared, dumps
from demiurgic.templates.protocol import Segment
from demiurgic.templates.script import Script

END = "<|eot_id|>"
_DATES = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
_TOOLS = (
    "Given the following functions, please respond with a JSON for a function call with its proper arguments that "
    "best answers the given prompt.\n\nRespond in the format "
    '{"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.\n\n'
)


class Llama3(Family):
    """One call a turn; further ones become turns of their own."""

    family = "llama3"
    stops = (END, "<|eom_id|>", "<|end_of_text|>")
    dialect = Llama3Calls()
    tags = ("<|python_tag|>",)

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
        script.markup("<|begin_of_text|>" + _header("system"))
        script.markup(("Environment: ipython\n" if tools else "") + _DATES)
        if leading:
            script.content(conversation[0].text.strip())
        script.markup(END)
        first_user = next((i for i, message in enumerate(conversation) if isinstance(message, User)), None)
        if tools and first_user is None:
            self._declare(script, tools)
            script.markup(END)
        for index in range(leading, len(conversation)):
            script.at = index
            self._turn(script, conversation[index], tools if index == first_user else ())
        script.at = -1
        if generate:
            script.markup(_header("assistant"))
        return script.done()

    def _declare(self, script: Script, tools: Sequence[Tool]) -> None:
        script.markup(_header("user") + _TOOLS)
        for tool in tools:
            script.content(dumps(declared(tool), indent=4) + "\n\n")

    def _turn(self, script: Script, message: Message, tools: Sequence[Tool]) -> None:
        match message:
            case System(text) | User(text) | ToolResult(_, _, text):
                if tools:
                    self._declare(script, tools)
                else:
                    script.markup(_header("ipython" if message.role == "tool" else message.role))
                script.content(dumps(text) if message.role == "tool" else text.strip())
                script.markup(END)
            case Assistant(text, _, calls):
                if text or not calls:
                    script.markup(_header("assistant"))
                    script.wrote(text.strip())
                    script.wrote_markup(END)
                for call in calls:
                    script.markup(_header("assistant"))
                    script.wrote_calls(self.write_calls([call]), self.tags)
                    script.wrote_markup(END)


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"
