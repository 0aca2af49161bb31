"""What was shown before: whoever types what they were shown, or goes back, is answered without the model."""

from collections import deque
from dataclasses import dataclass, field

from demiurgic_lsp.completion.hole import Hole, typed_since

_MOST = 64
_TYPED = 256
"""Characters that may have been typed since."""


@dataclass(slots=True)
class Memory:
    """The latest answers, the newest first."""

    answers: deque["_Answer"] = field(default_factory=lambda: deque["_Answer"](maxlen=_MOST))

    def note(self, hole: Hole, text: str) -> None:
        """This is the answer; an empty one is an answer, too."""
        self.answers.appendleft(_Answer(hole.path, hole.before, hole.behind, text))

    def recall(self, hole: Hole) -> str | None:
        """What is still to be shown of an earlier answer. None where there was none that fits."""
        before, behind = hole.before, hole.behind
        for known in self.answers:
            if known.path != hole.path or known.behind != behind:
                continue
            typed = typed_since(known.before, before)
            if (
                typed is not None
                and len(typed) <= _TYPED
                and known.text.startswith(typed)
                and (known.text != typed or not typed)
            ):
                return known.text[len(typed) :]
        return None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was shown, and the whole texts around it: put together once, since every key compares them all."""

    path: str
    before: str
    behind: str
    text: str
