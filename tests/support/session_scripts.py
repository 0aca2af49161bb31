"""A turn of a session as the loop tells it, without a loop."""

from collections.abc import Iterator

from demiurgic.agent.events import (
    AgentEvent,
    StepStarted,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from demiurgic.events import CallFinished, CallStarted, Finish, PromptProgress, ReplyEnded, TextDelta
from demiurgic.messages import Assistant, Message, ToolCall, ToolResult, Usage, User
from demiurgic.tools.protocol import TextView

USAGE = Usage(10, 5, 3)


def turn_events(text: str, steps: int = 1) -> Iterator[AgentEvent]:
    yield TurnStarted(text)
    for step in range(steps):
        call = ToolCall(f"{text}-{step}", "read", {"path": f"{step}.py"})
        reply = Assistant(f"{text}: step {step}", "thinking", (call,))
        yield StepStarted(step + 1)
        yield PromptProgress(1, 2, 0)
        yield TextDelta(reply.text)
        yield CallStarted(0, call.id, call.name)
        yield CallFinished(0, call)
        yield ReplyEnded(reply, Finish.CALLS, USAGE)
        yield ToolStarted(call, TextView("reads"))
        yield ToolOutput(call.id, "stdout", "...")
        yield ToolFinished(call.id, call.name, f"result {step}", failed=False)
    answer = Assistant(f"{text}: done")
    yield StepStarted(steps + 1)
    yield ReplyEnded(answer, Finish.STOP, USAGE)
    yield TurnEnded(TurnEnd.DONE, answer, USAGE, steps + 1)


def turn_messages(text: str, steps: int = 1) -> list[Message]:
    said: list[Message] = [User(text)]
    for event in turn_events(text, steps):
        if isinstance(event, ReplyEnded):
            said.append(event.message)
        elif isinstance(event, ToolFinished):
            said.append(ToolResult(event.call_id, event.name, event.text))
    return said
