"""What an agent's turn took, counted from its events. What a helper of the agent's did counts as the agent's own."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from demiurgic.agent.events import AgentEvent, Delegated, StepStarted, ToolFinished, TurnEnd, TurnEnded
from demiurgic.errors import EngineError
from demiurgic.events import CallFinished, CallRejected, ReplyEnded
from demiurgic.messages import Assistant

_LIKE_A_CALL = re.compile(r"""<tool_call>|<function=|"name"\s*:\s*"[^"]*"\s*,\s*"(?:arguments|parameters)"\s*:""")
_EDITS = frozenset(("edit", "rename", "rewrite", "write"))


@dataclass(frozen=True, slots=True)
class Tally:
    """One turn in numbers."""

    end: TurnEnd
    problem: str
    answer: str
    steps: int
    """Replies of the model."""
    calls: int
    malformed: int
    """Calls that no tool could take. The model was told."""
    unheard: int
    """Replies without any call whose text holds what looks like one: nobody carried it out, and nobody told the model.
    A sign, read from the text; a model that shows a call as an example is counted too."""
    failed_calls: int
    """Calls that were carried out and failed; commands that ended with another exit code than 0 are among them."""
    failed_edits: int
    """Those of them that were to change a file, and changed nothing."""
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


def tally(events: Iterable[AgentEvent]) -> Tally:
    """Follow a turn to its end."""
    counts: Counter[str] = Counter()
    for told in events:
        if isinstance(told, TurnEnded):
            return _whole(told, counts)
        event = told.event if isinstance(told, Delegated) else told
        match event:
            case StepStarted():
                counts["steps"] += 1
            case CallFinished():
                counts["calls"] += 1
            case CallRejected():
                counts["malformed"] += 1
            case ReplyEnded(message=Assistant(text=text, calls=()), rejected=()):
                counts["unheard"] += bool(_LIKE_A_CALL.search(text))
            case ToolFinished(name=name, failed=True):
                counts["failed_calls"] += 1
                counts["failed_edits"] += name in _EDITS
            case _:
                pass
    raise EngineError("a turn ended without saying so")


def _whole(ended: TurnEnded, counts: Counter[str]) -> Tally:
    return Tally(
        end=ended.reason,
        problem=ended.problem,
        answer=ended.message.text,
        steps=counts["steps"],
        calls=counts["calls"],
        malformed=counts["malformed"],
        unheard=counts["unheard"],
        failed_calls=counts["failed_calls"],
        failed_edits=counts["failed_edits"],
        prompt_tokens=ended.usage.prompt,
        cached_tokens=ended.usage.cached,
        completion_tokens=ended.usage.completion,
    )
