"""A call that a helper carries out: an agent of the same make whose conversation holds nothing but its task.

Its prompt and tools are the same, so that the engine copies what it has read of them. It works on the same files and
under the same permissions; its steps are shown and written down, and only its answer enters the conversation.
"""

import time
from collections.abc import Generator, Iterable
from dataclasses import replace

from demiurgic.agent.carrying import CallRunner, Carried
from demiurgic.agent.equipment import Equipment
from demiurgic.agent.events import AgentEvent, Delegated, ToolFinished, ToolStarted, TurnEnd, TurnEnded
from demiurgic.messages import ToolCall
from demiurgic.tools.protocol import TextView

_STEPS = 20


def for_helper(equipment: Equipment) -> Equipment:
    """What a helper works with. Whoever follows the call sees what it does."""
    limits = equipment.limits
    return replace(equipment, observers=(), limits=replace(limits, steps=min(_STEPS, limits.steps)))


def delegated(
    call: ToolCall, turn: Iterable[AgentEvent], runner: CallRunner
) -> Generator[AgentEvent, None, tuple[Carried, TurnEnded]]:
    """The call's events, with those of the helper's turn within, and what came of it."""
    started, task = time.monotonic(), str(call.arguments["prompt"])
    yield ToolStarted(call, TextView(f"task {_first_line(task)}", task))
    ended = None
    for event in turn:
        yield Delegated(call.id, event)
        ended = event if isinstance(event, TurnEnded) else ended
    assert ended is not None, "a turn ended without saying so"
    runner.files.note_unseen(ended.wrote)
    unfinished = ended.reason is not TurnEnd.DONE
    answer = runner.shortened(ended.message.text.strip() or "The helper gave no answer.")
    said = f"{answer}\n[the helper did not finish: {ended.problem or ended.reason}]" if unfinished else answer
    yield ToolFinished(call.id, call.name, said, unfinished, None, ended.wrote, time.monotonic() - started)
    return Carried(said, ended.wrote), ended


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
