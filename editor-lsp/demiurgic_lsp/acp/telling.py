"""From what happens in a conversation to what its editor is shown. One for each conversation, since a tool's call must
keep one name for as long as the editor shows it, and no two may have the same.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from acp import (
    plan_entry,
    start_tool_call,
    text_block,
    tool_content,
    update_agent_message_text,
    update_agent_thought_text,
    update_plan,
    update_tool_call,
    update_user_message_text,
)
from acp.schema import PlanEntryStatus, ToolCallProgress, ToolCallStart, ToolCallStatus, ToolCallUpdate, UsageUpdate

from demiurgic.agent.events import (
    AgentEvent,
    ApprovalAsked,
    Compacted,
    Delegated,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from demiurgic.events import CallRejected, CallStarted, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import ToolCall
from demiurgic.repl.items import ENDS
from demiurgic.repl.questions import effects_beside
from demiurgic.tools.protocol import DiffView, TextView, TodoView, View
from demiurgic.tools.todo import SPEC as PLAN
from demiurgic.workspace.shown import visible
from demiurgic_lsp.acp.looks import content_of, kind_of, locations_of, output_of, said, title_of
from demiurgic_lsp.acp.updates import Update

_PAUSE = 0.1
"""Seconds between two looks at a running program's output: each shows all of it again."""
_KEPT = 20_000
_STATES: dict[str, PlanEntryStatus] = {"pending": "pending", "active": "in_progress", "done": "completed"}


@dataclass(slots=True)
class _Shown:
    """A call as the editor knows it."""

    view: View = field(default_factory=lambda: TextView(""))
    output: str = ""
    looked: float = 0.0
    id: str = field(default_factory=lambda: f"call_{secrets.token_hex(8)}")
    """Not the model's own: some give every call of a conversation the same."""


class Telling:
    """Tells one conversation."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.context: int | None = None
        """Tokens that the conversation may hold, where that is known."""
        self._root, self._clock = root, clock
        self._calls: dict[str, _Shown] = {}
        """Those that go on, by the ids that the model gave them; a helper's behind that of its own call."""
        self._written: dict[int, str] = {}
        """Those of the reply that goes on, by their places in it."""
        self._asked = _Shown()
        self._spoke = False

    def told(self, event: AgentEvent, *, again: bool = False) -> Iterator[Update]:
        """What an event comes to. `again`: the conversation is shown from its beginning, as it was written down."""
        match event:
            case TurnStarted(text):
                yield from self.rest()
                if again:
                    yield update_user_message_text(text)
            case TextDelta() | ReasoningDelta() | ReplyEnded():
                yield from self._said(event, again=again)
            case Compacted(before, after):
                yield update_agent_thought_text(
                    f"The conversation was shortened from {before:,} to {after:,} tokens.\n"
                )
            case TurnEnded(reason):
                yield from self.rest()
                if reason in ENDS and reason is not TurnEnd.CANCELLED:
                    yield update_agent_message_text(f"\n\n*{ENDS[reason]}*")
            case Delegated(outer, inner):  # of a helper only its calls are shown, and what it asks
                if isinstance(inner, ApprovalAsked | ToolStarted | ToolOutput | ToolFinished):
                    yield from self._called(inner, f"{outer}/")
            case _:
                yield from self._called(event, "")

    def rest(self) -> Iterator[Update]:
        """Nothing goes on any more: what was begun and did not end has failed."""
        for shown in self._calls.values():
            yield update_tool_call(shown.id, status="failed")
        self._calls.clear()
        self._written.clear()

    def question(self, asked: ApprovalAsked) -> ToolCallUpdate:
        """The call that was told of last, as a question shows it: all that it would do, and why it is asked."""
        told = (visible(asked.reason), *effects_beside(asked))
        why = tool_content(text_block("\n".join(line for line in told if line)))
        return ToolCallUpdate(
            tool_call_id=self._asked.id,
            status="pending",
            title=title_of(asked.call, asked.view),
            kind=kind_of(asked.call.name),
            content=[*content_of(asked.view, self._root), why],
            locations=locations_of(asked.call, asked.view, self._root),
            raw_input=dict(asked.call.arguments),
        )

    def _said(self, event: TextDelta | ReasoningDelta | ReplyEnded, *, again: bool) -> Iterator[Update]:
        match event:
            case TextDelta(text):
                self._spoke = True
                yield update_agent_message_text(text)
            case ReasoningDelta(text):
                yield update_agent_thought_text(text)
            case ReplyEnded(message) if again:  # then there are no pieces, only whole replies
                if message.reasoning:
                    yield update_agent_thought_text(message.reasoning)
                if message.text.strip():
                    yield update_agent_message_text(f"{message.text}\n\n")
            case ReplyEnded(message, _, usage):
                if self._spoke and message.calls:
                    yield update_agent_message_text("\n\n")
                self._spoke = False
                self._written.clear()
                if self.context is not None:
                    used = usage.prompt + usage.completion
                    yield UsageUpdate(session_update="usage_update", used=used, size=self.context)

    def _called(self, event: AgentEvent, within: str) -> Iterator[Update]:
        match event:
            case CallStarted(index, call_id, name) if name != PLAN.name:
                self._written[index] = call_id
                shown = self._calls[call_id] = _Shown()
                yield start_tool_call(shown.id, name, kind=kind_of(name), status="pending")
            case CallRejected(index, _, _, problem) if index in self._written:
                shown = self._calls.pop(self._written[index])
                yield update_tool_call(shown.id, status="failed", content=[said(problem)])
            case ApprovalAsked(call, _, view):
                yield self._placed(within + call.id, call, view, "pending")
                self._asked = self._calls[within + call.id]
            case ToolStarted(_, TodoView(items)):
                yield update_plan(plan_entry(text, status=_STATES[state]) for text, state in items)
            case ToolStarted(call, view):
                yield self._placed(within + call.id, call, view, "in_progress")
            case ToolOutput(call_id, _, text) if within + call_id in self._calls:
                yield from self._heard(self._calls[within + call_id], text)
            case ToolFinished(call_id):
                yield from self._finished(self._calls.pop(within + call_id, None), event)
            case _:
                pass

    def _placed(self, key: str, call: ToolCall, view: View, status: ToolCallStatus) -> ToolCallStart | ToolCallProgress:
        """All that there is to know of a call, whether the editor knows of it or not."""
        known = key in self._calls
        shown = self._calls.setdefault(key, _Shown())
        shown.view = view
        return (update_tool_call if known else start_tool_call)(
            shown.id,
            title=title_of(call, view),
            kind=kind_of(call.name),
            status=status,
            content=content_of(view, self._root),
            locations=locations_of(call, view, self._root),
            raw_input=dict(call.arguments),
        )

    def _heard(self, shown: _Shown, text: str) -> Iterator[Update]:
        shown.output = (shown.output + text)[-_KEPT:]
        if (now := self._clock()) - shown.looked >= _PAUSE:
            shown.looked = now
            yield update_tool_call(shown.id, content=output_of(shown.view, shown.output, self._root))

    def _finished(self, shown: _Shown | None, ended: ToolFinished) -> Iterator[Update]:
        status: ToolCallStatus = "failed" if ended.failed else "completed"
        view = ended.view or (shown.view if shown else TextView(""))
        clear = isinstance(view, DiffView) and not ended.failed  # the change itself says it all
        content = content_of(view, self._root) if clear else output_of(view, ended.text, self._root)
        if shown is not None:
            yield update_tool_call(shown.id, status=status, content=content)
        elif ended.name != PLAN.name:
            yield start_tool_call(_Shown().id, ended.name, kind=kind_of(ended.name), status=status, content=content)
