"""ChatGLM3 (native layout): a line with the tool's name or nothing, then the text behind one space.

The space is what its sentencepiece tokenizer puts before every text that it encodes by itself.
"""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.templates.dialects import ChatGlm3Calls
from demiurgic.templates.family import dumps, function
from demiurgic.templates.glm import ASSISTANT, OBSERVATION, SYSTEM, USER, GlmFamily, GlmScript
from demiurgic.templates.protocol import Segment

_TOOLS = "Answer the following questions as best as you can. You have access to the following tools:\n"
_ROLES = {"system": SYSTEM, "user": USER, "tool": OBSERVATION}


class ChatGlm3(GlmFamily):
    """ChatGLM3-6B. Its GGUF names the prefix tokens `[gMASK]` and `sop`."""

    family = "chatglm3"
    stops = (USER, OBSERVATION, "</s>")
    dialect = ChatGlm3Calls()

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
        script.markup("[gMASK]sop")
        if tools:
            script.open(SYSTEM)
            script.markup(f"\n {_TOOLS}")
            script.content(dumps([function(tool) for tool in tools], indent=4))
        for index, message in enumerate(conversation):
            script.at = index
            self._turn(script, message)
        return self._finish(script, conversation, "" if generate else None)

    def _turn(self, script: GlmScript, message: Message) -> None:
        match message:
            case System(text) | User(text) | ToolResult(_, _, text):
                script.open(_ROLES[message.role])
                script.markup("\n ")
                script.content(text)
            case Assistant(text, _, calls):
                if text or not calls:
                    script.open(ASSISTANT)
                    script.wrote(f"\n {text}")
                for call in calls:
                    script.open(ASSISTANT)
                    script.wrote(self.write_calls([call]))
