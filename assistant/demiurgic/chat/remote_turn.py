"""One turn of a remote model: its stream listened to, its calls checked, one repair attempted, the end told.

A call that no tool can take is shown to the model once, in a second request whose tokens are added to the usage.
The text of that second reply is dropped; only its calls count. What then is still wrong becomes `CallRejected`.
What a provider promised by accepting the request is checked on the outcome, so that nothing is ignored in silence.
"""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from demiurgic.chat.call_check import RawCall, check_call, read_json, schema_problems
from demiurgic.chat.protocol import Named
from demiurgic.chat.remote import Ask, Stopped, Stream, Used, WireEvent
from demiurgic.errors import BadAnswer, ProviderError, UnsupportedRequest
from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallRejected,
    CallStarted,
    ChatEvent,
    Finish,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
)
from demiurgic.messages import Assistant, ToolCall, Usage, User

Emit: TypeAlias = Callable[[ChatEvent], None]


@dataclass(slots=True)
class _OpenCall:
    id: str
    name: str
    pieces: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Draft:
    """What one request has brought so far."""

    text: str = ""
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    finish: Finish | None = None
    open: dict[int, _OpenCall] = field(default_factory=dict[int, _OpenCall])

    def take(self, event: WireEvent) -> None:
        match event:
            case TextDelta(text):
                self.text += text
            case ReasoningDelta(text):
                self.reasoning += text
            case CallStarted(index, id, name):
                self.open[index] = _OpenCall(id, name)
            case CallDelta(index, text):
                self.open[index].pieces.append(text)
            case Used(usage):
                self.usage = usage
            case Stopped(finish):
                self.finish = finish

    def calls(self) -> list[RawCall]:
        return [RawCall(index, call.id, call.name, "".join(call.pieces)) for index, call in sorted(self.open.items())]


class Turn:
    """Runs once. `ended` may be asked for at any moment: it tells what has come so far."""

    def __init__(self, provider: str, ask: Ask, stream: Stream) -> None:
        self._provider, self._ask, self._stream = provider, ask, stream
        self._draft, self._repaired = Draft(), Draft()
        self._settled: dict[int, ToolCall] = {}
        self._rejected: list[CallRejected] = []

    async def run(self, emit: Emit) -> ReplyEnded:
        await self._listen(self._ask, self._draft, emit)
        self._settle(self._draft, emit)
        if self._worth_repairing():
            await self._repair(emit)
        for rejected in self._rejected:
            emit(rejected)
        self._check_promises()
        finish = self._draft.finish or Finish.STOP
        calls = self._settled or self._rejected
        return self.ended(Finish.CALLS if calls and finish is Finish.STOP else finish)

    def ended(self, finish: Finish) -> ReplyEnded:
        calls = tuple(call for _, call in sorted(self._settled.items()))
        message = Assistant(self._draft.text, self._draft.reasoning, calls)
        return ReplyEnded(message, finish, _sum(self._draft.usage, self._repaired.usage), tuple(self._rejected))

    async def _listen(self, ask: Ask, draft: Draft, emit: Emit | None) -> None:
        async with aclosing(self._stream(ask)) as events:
            async for event in events:
                if isinstance(event, ReasoningDelta) and event.text.strip() and not ask.options.think:
                    raise UnsupportedRequest(
                        f"{self._provider} reasons although think is off", "this model or its server cannot switch it"
                    )
                draft.take(event)
                if emit and not isinstance(event, Used | Stopped):
                    emit(event)

    def _settle(self, draft: Draft, emit: Emit) -> None:
        """Sort the calls of the first answer into good ones and rejected ones."""
        for raw in draft.calls():
            call = self._judge(raw)
            if isinstance(call, CallRejected):
                self._rejected.append(self._cut_off(call) if draft.finish is Finish.LENGTH else call)
            else:
                self._accept(raw.index, call, emit)

    def _judge(self, raw: RawCall) -> ToolCall | CallRejected:
        choice = self._ask.options.tool_choice
        if choice == "none":
            return CallRejected(raw.index, raw.name, raw.text, "No tool may be called now. Answer in words.")
        if isinstance(choice, Named) and raw.name != choice.name:
            return CallRejected(raw.index, raw.name, raw.text, f"Only the tool {choice.name!r} may be called now.")
        if self._settled and not self._ask.options.parallel_calls:
            return CallRejected(raw.index, raw.name, raw.text, "Only one call may be made at a time.")
        return check_call(raw, self._ask.tools)

    def _accept(self, index: int, call: ToolCall, emit: Emit) -> None:
        self._settled[index] = call
        emit(CallFinished(index, call))

    def _cut_off(self, call: CallRejected) -> CallRejected:
        return replace(call, problem="The reply reached its token limit inside this call. Make a shorter one.")

    def _worth_repairing(self) -> bool:
        options = self._ask.options
        if self._draft.finish is not Finish.STOP or options.tool_choice == "none":
            return False
        if self._settled and not options.parallel_calls:
            return False
        return bool(self._rejected) or self._call_missing()

    def _call_missing(self) -> bool:
        choice = self._ask.options.tool_choice
        return (choice == "required" or isinstance(choice, Named)) and not self._settled

    async def _repair(self, emit: Emit) -> None:
        """Show the model what was wrong, once. Its new calls take the places of the rejected ones in order."""
        await self._listen(self._repair_request(), self._repaired, None)
        known = [(call.name, call.arguments) for call in self._settled.values()]
        rejected, self._rejected = self._rejected, []
        for raw in self._repaired.calls():
            call = self._judge(raw)
            if isinstance(call, ToolCall) and (call.name, call.arguments) in known:
                continue  # the model repeated what was right already: it must not run twice
            if rejected:
                self._replace(rejected.pop(0), call, emit)
            elif not self._settled and isinstance(call, ToolCall):
                emit(CallStarted(0, call.id, call.name))
                self._accept(0, call, emit)
        self._rejected += rejected

    def _replace(self, old: CallRejected, new: ToolCall | CallRejected, emit: Emit) -> None:
        if isinstance(new, CallRejected):
            self._rejected.append(replace(new, index=old.index))
        else:
            # The first id stays: it was told already, and providers only ask that call and result agree.
            self._accept(old.index, replace(new, id=self._draft.open[old.index].id), emit)

    def _repair_request(self) -> Ask:
        said, wrong = self._draft.text.strip(), self._rejected
        attempts = [f"(I tried to call {call.name} with {call.raw})" for call in wrong]
        complaints = [f"Your call of {call.name} was not run. {call.problem}" for call in wrong]
        if wrong:
            complaints.append("Call again, with this mended, and make no other call.")
        else:
            complaints.append("You must call a tool now.")
        history = (
            *self._ask.conversation,
            Assistant("\n\n".join([said, *attempts]).strip() or "(I said nothing.)"),
            User("\n".join(complaints)),
        )
        return replace(self._ask, conversation=history)

    def _check_promises(self) -> None:
        """What the provider accepted and did not do."""
        if self._draft.finish is not Finish.STOP:
            return
        if self._call_missing() and not self._rejected:
            raise ProviderError(
                f"{self._provider} made no call although tool_choice demands one, also when told so",
                "use a model or a server that enforces tool_choice",
            )
        schema = self._ask.options.answer_schema
        if schema is not None and not self._settled and not self._rejected:
            self._check_answer(self._draft.text)

    def _check_answer(self, text: str) -> None:
        schema = self._ask.options.answer_schema or {}
        try:
            problems = schema_problems(read_json(text), schema)
        except ValueError as error:
            problems = str(error)
        if problems:
            raise BadAnswer(
                f"the answer of {self._provider} does not satisfy answer_schema: {problems}",
                "use a model or a server that enforces it",
            )


def _sum(first: Usage, second: Usage) -> Usage:
    return Usage(
        prompt=first.prompt + second.prompt,
        cached=first.cached + second.cached,
        completion=first.completion + second.completion,
    )
