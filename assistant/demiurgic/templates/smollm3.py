"""SmolLM3: ChatML with a header that says whether to think, and thoughts between `<think>` tags.

Its own template forgets thoughts as the conversation goes on; with `keep_thoughts`, the default, what was said
stays as it was said, so that nothing has to be read again.
"""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.templates.chatml import END, START, ChatML, declare_tools
from demiurgic.templates.protocol import Reasoning, Segment
from demiurgic.templates.script import Script

_THINKER = (
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face. Your role as an assistant involves "
    "thoroughly exploring questions through a systematic thinking process before providing the final precise and "
    "accurate solutions. This requires engaging in a comprehensive cycle of analysis, summarizing, exploration, "
    "reassessment, reflection, backtracking, and iteration to develop well-considered thinking process. Please "
    "structure your response into two main sections: Thought and Solution using the specified format: <think> "
    "Thought section </think> Solution section. In the Thought section, detail your reasoning process in steps. "
    "Each step should include detailed considerations such as analysing questions, summarizing relevant findings, "
    "brainstorming new ideas, verifying the accuracy of the current steps, refining any errors, and revisiting "
    "previous steps. In the Solution section, based on various attempts, explorations, and reflections from the "
    "Thought section, systematically present the final solution that you deem correct. The Solution section should "
    "be logical, accurate, and concise and detail necessary steps needed to reach the conclusion."
)
_PLAIN = "You are a helpful AI assistant named SmolLM, trained by Hugging Face."
_NO_THOUGHT = "<think>\n\n</think>\n"


class SmolLM3(ChatML):
    """`/think` and `/no_think` in the system message decide before the caller does."""

    family = "smollm3"
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
        script = Script()
        leading = conversation[0] if conversation and isinstance(conversation[0], System) else None
        wishes = leading.text if leading else ""
        think = False if "/no_think" in wishes else think or "/think" in wishes
        script.at = 0 if leading else -1
        self._header(script, wishes, tools, think=think)
        for index in range(1 if leading else 0, len(conversation)):
            script.at = index
            self._one(script, conversation[index], think=think)
        script.at = -1
        if generate:
            script.markup(f"{START}assistant\n{'' if think else _NO_THOUGHT}")
        return script.done()

    def _header(self, script: Script, wishes: str, tools: Sequence[Tool], *, think: bool) -> None:
        script.markup(f"{START}system\n## Metadata\n\nKnowledge Cutoff Date: June 2025\nReasoning Mode: ")
        script.markup("/think" if think else "/no_think")
        script.markup("\n\n## Custom Instructions\n\n")
        custom = wishes.replace("/no_think", "").replace("/think", "").rstrip()
        if custom:
            script.content(custom)
        else:
            script.markup(_THINKER if think else _PLAIN)
        script.markup("\n\n")
        if tools:
            declare_tools(script, tools)
            script.markup("\n\n")
        script.markup(f"{END}\n")

    def _one(self, script: Script, message: Message, *, think: bool) -> None:
        match message:
            case System(text) | User(text):
                self._said(script, message.role, text)
            case ToolResult(_, _, text):
                self._said(script, "user", text)
            case Assistant():
                script.markup(f"{START}assistant\n")
                if not think:
                    script.markup(_NO_THOUGHT)
                elif self.keep_thoughts and message.reasoning:
                    script.wrote_markup("<think>")
                    script.wrote(message.reasoning)
                    script.wrote_markup("</think>")
                    script.wrote("\n")
                self._spoken_turn(script, message)
                script.wrote_markup(END)
                script.markup("\n")

    def _said(self, script: Script, role: str, text: str) -> None:
        script.markup(f"{START}{role}\n")
        script.content(text)
        script.markup(f"{END}\n")
