"""The loop: ask the model, carry out what it calls, append what came of it, ask again.

The conversation is only ever appended to, so that each reply evaluates only what is new; `compaction` is the one thing
that begins it anew. Nothing here knows a terminal, a file format or a policy: what happens is yielded as events, told
to the observers first, and who may do what is asked of the judge.
"""

import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from demiurgic.agent.carrying import CallRunner, Carried
from demiurgic.agent.claims import meant_as_call, unfounded
from demiurgic.agent.compaction import FULL, Compactor
from demiurgic.agent.counting import Counter
from demiurgic.agent.delegating import delegated, for_helper
from demiurgic.agent.equipment import Equipment
from demiurgic.agent.events import (
    AgentEvent,
    Compacted,
    Origin,
    Reminded,
    StepStarted,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from demiurgic.agent.existing import narrowed
from demiurgic.agent.notes import NAME
from demiurgic.agent.repetition import Repetition, drones
from demiurgic.chat.protocol import Reply
from demiurgic.errors import ContextOverflow, DemiurgicError
from demiurgic.events import CallDelta, ChatEvent, Finish, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import Assistant, Message, System, Tool, ToolCall, ToolResult, Usage, User
from demiurgic.tools.task import SPEC as HAND_OUT

_GLANCE = 200
"""Letters after which it is looked whether a reply goes in circles."""
_MOST_BROKEN = 3
"""Replies in a row without a call that could be carried out, after which the turn ends."""

_COMMANDS = frozenset(("shell", "python"))


class Agent:
    """One conversation with a model that works. One turn at a time."""

    def __init__(
        self, equipment: Equipment, conversation: Sequence[Message] = (), *, may_delegate: bool = True
    ) -> None:
        self._equipment, self.may_delegate = equipment, may_delegate
        self.conversation: list[Message] = list(conversation) or [System(equipment.system)]
        self.counter = Counter(equipment.model)
        self.runner = CallRunner(equipment, self.counter, self.conversation, self.used)

    @property
    def specs(self) -> list[Tool]:
        """The tools as the model sees them."""
        return [tool.spec for tool in self._equipment.tools.values()]

    def turn(self, text: str) -> "Turn":
        """Say something. What follows is the turn's events; leaving them early cancels it. Raises ContextOverflow where
        no shortening of the conversation could make room for it."""
        self._refuse_oversized(text)
        return Turn(self, self._equipment, text)

    def used(self) -> int:
        """Tokens that the conversation takes now."""
        return self.counter.conversation(self.conversation, self.specs)

    def fits(self, used: int) -> bool:
        """Whether a conversation of so many tokens leaves room to go on."""
        return self._compactor.fits(used)

    def shorten(self, cancel: threading.Event) -> Compacted:
        """Begin the conversation anew with what matters of it."""
        before, shortened = self.used(), self._compactor.shortened(self.conversation, cancel)
        if (after := self.counter.conversation(shortened, self.specs)) >= before:
            return Compacted(before, before)  # nothing would be won
        self.conversation[:] = shortened
        return Compacted(before, after)

    def _refuse_oversized(self, text: str) -> None:
        room = int(FULL * self.counter.context)
        if len(text.encode("utf-8", "surrogatepass")) <= room:
            return  # no token is shorter than a byte
        alone = self.counter.conversation([*self.conversation[:1], User(text)], self.specs)
        if alone > room:
            raise ContextOverflow(alone, self.counter.context - room, self.counter.context)

    @property
    def _compactor(self) -> Compactor:
        return Compactor(self._equipment.model, self.counter, self.specs, self.runner.files)


@dataclass(slots=True)
class _Progress:
    """What a turn has come to so far."""

    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    broken: int = 0
    doubted: bool = False
    urged: bool = False
    must_call: bool = False
    """Whether the next reply has to be a call: telling in words was in vain."""
    failed: bool = False
    """Whether the latest call did."""
    broke: bool = False
    """Whether the latest command did."""
    message: Assistant = field(default_factory=Assistant)
    usage: Usage = field(default_factory=Usage)
    wrote: dict[str, None] = field(default_factory=dict[str, None])
    repetition: Repetition = field(default_factory=Repetition)


class Turn:
    """The agent's work on one thing that the user said. Iterate over it once."""

    def __init__(self, agent: Agent, equipment: Equipment, text: str) -> None:
        self._agent, self._equipment, self._text = agent, equipment, text
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._goes_on: Reply | Turn | None = None
        """What is to be cancelled with the turn: a reply, or a helper's turn."""
        self._steering: list[str] = []
        self._over = False
        self._events = self._observed(self._run())

    def __iter__(self) -> Iterator[AgentEvent]:
        return self._events

    def cancel(self) -> None:
        """End soon, keeping what came. Any thread."""
        with self._lock:
            self._cancelled.set()
            if self._goes_on is not None:
                self._goes_on.cancel()

    def steer(self, text: str) -> bool:
        """Tell the model something before its next reply. False where there will be none. Any thread."""
        with self._lock:
            if not self._over:
                self._steering.append(text)
            return not self._over

    def _observed(self, events: Iterable[AgentEvent]) -> Iterator[AgentEvent]:
        for event in events:
            try:
                for observer in self._equipment.observers:
                    observer.saw((event,))
            except DemiurgicError as error:  # what cannot be written down is not shown, and nothing follows it
                yield TurnEnded(TurnEnd.ERROR, Assistant(), Usage(), 0, (), f"{error.message}\n{error.hint}".strip())
                return
            yield event

    def _run(self) -> Generator[AgentEvent]:
        progress = _Progress()
        yield TurnStarted(self._text)
        self._agent.conversation.append(User(self._text))
        try:
            yield from self._introduced()
            reason, problem = (yield from self._work(progress)), ""
        except DemiurgicError as error:
            reason, problem = TurnEnd.ERROR, f"{error.message}\n{error.hint}".strip()
        with self._lock:
            self._over = True
        yield TurnEnded(reason, progress.message, progress.usage, progress.steps, tuple(progress.wrote), problem)

    def _introduced(self) -> Generator[AgentEvent]:
        """What goes with the user's words."""
        if notes := self._agent.runner.notes_on([NAME]):
            yield from self._remind(notes, "notes")
        if files := self._agent.runner.attachments(self._text):
            yield from self._remind(files, "files")

    def _work(self, progress: _Progress) -> Generator[AgentEvent, None, TurnEnd]:
        while (end := self._limit(progress)) is None:
            yield from self._steered()
            used = yield from self._made_room()
            if not self._agent.fits(used):
                return TurnEnd.CONTEXT
            progress.steps += 1
            yield StepStarted(progress.steps)
            ended = yield from self._ask(progress, used)
            if ended.message.calls:  # after the user has stopped the turn, each is answered and none is carried out
                yield from self._carry_out(ended, progress)
            if self._cancelled.is_set() or ended.finish is Finish.CANCELLED:
                return TurnEnd.CANCELLED
            if ended.finish is Finish.LENGTH and self._equipment.wishes.max_tokens is not None:
                return TurnEnd.TOKEN_LIMIT  # the user wanted no more than this
            if ended.message.calls:
                continue
            if (reminder := self._reminder(ended, progress)) is not None:
                yield from self._remind(reminder)
            elif self._ends():
                return TurnEnd.DONE
        return end

    def _ends(self) -> bool:
        """Whether nobody has anything more to say. From then on nobody can."""
        with self._lock:
            self._over = not self._steering
            return self._over

    def _limit(self, progress: _Progress) -> TurnEnd | None:
        limits = self._equipment.limits
        if self._cancelled.is_set():
            return TurnEnd.CANCELLED
        if progress.repetition.stuck or progress.broken >= _MOST_BROKEN:
            return TurnEnd.STUCK
        if progress.steps >= limits.steps:
            return TurnEnd.TURN_LIMIT
        if limits.tokens is not None and progress.usage.completion >= limits.tokens:
            return TurnEnd.TOKEN_LIMIT
        if limits.seconds is not None and time.monotonic() - progress.started >= limits.seconds:
            return TurnEnd.TIME_LIMIT
        return None

    def _steered(self) -> Generator[AgentEvent]:
        with self._lock:
            said, self._steering = self._steering, []
        for text in said:
            yield from self._remind(text, "user")

    def _made_room(self) -> Generator[AgentEvent, None, int]:
        """Shorten the conversation if it leaves too little room. Returns how many tokens it has then."""
        used = self._agent.used()
        if self._agent.fits(used):
            return used
        shortened = self._agent.shorten(self._cancelled)
        yield shortened
        return shortened.after

    def _ask(self, progress: _Progress, used: int) -> Generator[AgentEvent, None, ReplyEnded]:
        gear = self._equipment
        options = replace(
            gear.wishes,
            max_tokens=gear.wishes.max_tokens or self._room(used),
            tool_choice="required" if progress.must_call else gear.wishes.tool_choice,
            draft=self._agent.runner.draft(),
            narrowed=narrowed(gear.tools.values(), gear.workspace),
        )
        progress.must_call = False
        reply = gear.model.reply(self._agent.conversation, self._agent.specs, options)
        self._go_on(reply)
        for event in _until_it_drones(reply):
            if isinstance(event, ReplyEnded):
                self._agent.conversation.append(event.message)
                progress.message, progress.usage = event.message, _sum(progress.usage, event.usage)
                yield event
                return event
            yield event
        raise AssertionError("a reply ended without saying so")

    def _room(self, used: int) -> int | None:
        """Tokens that the next reply may take."""
        most = self._equipment.limits.reply
        return None if most is None else max(1, min(most, self._agent.counter.context - used))

    def _go_on(self, work: "Reply | Turn") -> None:
        with self._lock:
            self._goes_on = work
            if self._cancelled.is_set():
                work.cancel()

    def _carry_out(self, ended: ReplyEnded, progress: _Progress) -> Generator[AgentEvent]:
        progress.broken = 0
        for call in ended.message.calls:
            carried: Carried
            if call.name == HAND_OUT.name and self._agent.may_delegate:
                carried = yield from self._delegated(call, progress)
            else:
                carried = yield from self._agent.runner.carry_out(call, self._cancelled, progress.repetition)
            self._agent.conversation.append(ToolResult(call.id, call.name, carried.text))
            progress.wrote |= dict.fromkeys(carried.wrote)
            progress.failed = carried.failed
            progress.urged = progress.urged and carried.failed
            if call.name in _COMMANDS:
                progress.broke = carried.failed

    def _delegated(self, call: ToolCall, progress: _Progress) -> Generator[AgentEvent, None, Carried]:
        turn = Agent(for_helper(self._equipment), may_delegate=False).turn(str(call.arguments["prompt"]))
        self._go_on(turn)
        carried, ended = yield from delegated(call, turn, self._agent.runner)
        progress.usage = _sum(progress.usage, ended.usage)
        return carried

    def _reminder(self, ended: ReplyEnded, progress: _Progress) -> str | None:
        """What the model must hear before its answer counts; None where there is nothing."""
        if ended.rejected:
            progress.broken += 1
            problems = "\n".join(f"{call.name}: {call.problem}" for call in ended.rejected)
            return f"Your call was not carried out:\n{problems}"
        if ended.finish is Finish.LENGTH:
            progress.broken += 1
            return (
                "Your answer was cut off: it was too long, or it said the same again and again. "
                "Finish it in few words, or go on in smaller steps."
            )
        if name := meant_as_call(ended.message.text):
            progress.broken += 1
            return f"That was text and no call, and nothing was done. There is no tool {name} with such arguments."
        if not progress.urged and (urge := _urge(ended.message.text, progress, guided=self._equipment.guided)):
            progress.urged = True
            progress.must_call = progress.failed
            return urge
        missing = [] if progress.doubted else unfounded(ended.message.text, self._agent.runner.written)
        if missing:
            progress.doubted = True
            return f"You say that you changed {', '.join(missing)}, but nothing was written. Do it with a tool now."
        return None

    def _remind(self, text: str, origin: Origin = "program") -> Generator[AgentEvent]:
        reminded = Reminded(text, origin)
        self._agent.conversation.append(reminded.message)
        yield reminded


def _urge(text: str, progress: _Progress, *, guided: bool) -> str:
    """What a model is told that ends a turn with nothing, or with what should be done. Small ones do."""
    if guided and progress.broke and "```" not in text:
        return "The last command failed. Mend what it complains of, or tell the user why that cannot be done."
    if progress.steps > 1 and not text.strip("` \n"):
        return "Your answer is empty. Tell the user in one sentence what came of it."
    if progress.failed and "```" in text:
        return "The last call failed, and what you describe is in no file yet. Put it there now with a tool."
    return ""


def _until_it_drones(reply: Reply) -> Iterator[ChatEvent]:
    """A reply's events. One that only repeats itself is ended, as if it had become too long."""
    said, looked, droned = "", 0, False
    for event in reply:
        if isinstance(event, TextDelta | ReasoningDelta | CallDelta):
            said += event.text
            if not droned and len(said) - looked >= _GLANCE:
                looked = len(said)
                if droned := drones(said):
                    reply.cancel()
        yield replace(event, finish=Finish.LENGTH) if droned and isinstance(event, ReplyEnded) else event


def _sum(one: Usage, other: Usage) -> Usage:
    return replace(
        one,
        prompt=one.prompt + other.prompt,
        cached=one.cached + other.cached,
        completion=one.completion + other.completion,
        drafted=one.drafted + other.drafted,
        accepted=one.accepted + other.accepted,
    )
