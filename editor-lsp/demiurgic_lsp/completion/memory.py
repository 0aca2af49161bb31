"""What was shown before: whoever types what they were shown, or goes back, is answered without the model."""

from collections import deque
from dataclasses import dataclass, field

from demiurgic_lsp.completion.hole import Hole

_MOST = 64
_TYPED = 256
"""Characters that may have been typed since."""


@dataclass(slots=True)
class Memory:
    """The latest answers, the newest first."""

    answers: deque[tuple[Hole, str]] = field(default_factory=lambda: deque(maxlen=_MOST))

    def note(self, hole: Hole, text: str) -> None:
        """This is the answer; an empty one is an answer, too."""
        self.answers.appendleft((hole, text))

    def recall(self, hole: Hole) -> str | None:
        """What is still to be shown of an earlier answer. None where there was none that fits."""
        for known, text in self.answers:
            if known.path != hole.path or known.behind != hole.behind:
                continue
            typed = _typed(known.before, hole.before)
            if typed is not None and text.startswith(typed) and (text != typed or not typed):
                return text[len(typed) :]
        return None


def _typed(then: str, now: str) -> str | None:
    if len(now) - len(then) > _TYPED or not now.startswith(then):
        return None
    return now[len(then) :]
