"""What a reply has told so far: what a template's reader makes of raw text, turned into events and one message.

Every call that is started is finished or rejected, under one index and one id. A broken call is held back until it
is mended or given up. Knows nothing of engines and templates.
"""

import secrets
from collections.abc import Iterator, Sequence

from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallRejected,
    CallStarted,
    ChatEvent,
    ReasoningDelta,
    TextDelta,
)
from demiurgic.messages import Assistant, ToolCall
from demiurgic.templates.protocol import CallBroken, CallOpened, CallRead, CallText, ReadEvent, Said, Thought


class Story:
    """The reply so far."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._open: CallStarted | None = None
        self._begun = 0
        self.calls: list[ToolCall] = []
        self.rejected: list[CallRejected] = []
        self.broken: CallBroken | None = None
        """The call that waits to be mended. Nothing is told behind it."""
        self.native = True
        """Whether all calls came in the family's own form."""

    def message(self) -> Assistant:
        """The turn as it enters the conversation."""
        text = "".join(self._text)
        return Assistant(text.strip() if self.calls else text, "".join(self._reasoning).strip(), tuple(self.calls))

    def tell(self, events: Sequence[ReadEvent]) -> Iterator[ChatEvent]:
        """More of the reply, up to a call that is broken."""
        for event in events:
            match event:
                case Thought(text):
                    self._reasoning.append(text)
                    yield ReasoningDelta(text)
                case Said(text):
                    self._text.append(text)
                    yield TextDelta(text)
                case CallOpened(name):
                    yield self._start(name)
                case CallText(text):
                    yield CallDelta(self._begun - 1, text)
                case CallRead():
                    self.native = self.native and event.native
                    yield from self._finish(event)
                case CallBroken():
                    self.broken = event
                    return

    def mend(self, events: Sequence[ReadEvent]) -> Iterator[ChatEvent]:
        """More of the second try at the broken call. Only the whole call counts."""
        for event in events:
            if isinstance(event, CallRead) and self.broken is not None:
                self.broken = None
                yield from self._finish(event)

    def give_up(self) -> Iterator[ChatEvent]:
        """Reject the call that is still broken."""
        if self.broken is None:
            return
        if self._open is None:
            yield self._start(self.broken.name)
        rejected = CallRejected(self._begun - 1, self.broken.name, self.broken.raw, self.broken.problem)
        self._open = self.broken = None
        self.rejected.append(rejected)
        yield rejected

    def _start(self, name: str) -> CallStarted:
        self._open = CallStarted(self._begun, f"call_{secrets.token_hex(8)}", name)
        self._begun += 1
        return self._open

    def _finish(self, read: CallRead) -> Iterator[ChatEvent]:
        if self._open is None:
            yield self._start(read.name)
        assert self._open is not None
        call = ToolCall(self._open.id, read.name, read.arguments)
        index, self._open = self._open.index, None
        self.calls.append(call)
        yield CallFinished(index, call)
