"""What the GLM families share: a turn has no end of its own, the next role's token ends it.

So that token belongs to the assistant wherever it ends one of its turns: the model writes it to stop, and training
must teach it. The text is the same to the byte.
"""

from collections.abc import Sequence

from demiurgic.messages import Assistant, Message
from demiurgic.templates.family import Family
from demiurgic.templates.protocol import Segment
from demiurgic.templates.script import Script

PREFIX = "[gMASK]<sop>"
SYSTEM, USER, ASSISTANT, OBSERVATION = "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"


class GlmScript(Script):
    """A script of turns that are opened, never closed."""

    def __init__(self) -> None:
        super().__init__()
        self._speaker = -1

    def open(self, role: str) -> None:
        """Begin a turn. If the assistant spoke before and this token stops it, the token is the assistant's."""
        if self._speaker >= 0 and role in (USER, OBSERVATION):
            self.wrote_markup(role, message=self._speaker)
        else:
            self.markup(role)
        self._speaker = self.at if role == ASSISTANT else -1

    def close(self, conversation: Sequence[Message]) -> None:
        """The stop token of a conversation that ends with the assistant: it waits for a tool or for a person."""
        if self._speaker >= 0:
            last = conversation[self._speaker]
            waits = isinstance(last, Assistant) and last.calls
            self.wrote_markup(OBSERVATION if waits else USER, message=self._speaker)


class GlmFamily(Family):
    """A GLM model."""

    stops = (USER, OBSERVATION, "<|endoftext|>")

    def _finish(self, script: GlmScript, conversation: Sequence[Message], opening: str | None) -> list[Segment]:
        """End with the words that open the assistant's next turn, or with the stop of its last."""
        script.at = -1
        if opening is None:
            script.close(conversation)
        else:
            script.open(ASSISTANT)
            script.markup(opening)
        return script.done()
