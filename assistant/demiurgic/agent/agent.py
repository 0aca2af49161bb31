"""The loop: ask the model, carry out what it calls, append what came of it, ask again.

The conversation is only ever appended to, so that each reply evaluates only what is new; `compaction` is the one thing
that begins it anew. Nothing here knows a terminal, a file format or a policy: what happens is yielded as events, told
to the observers first, and who may do what is asked of the judge.
"""

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace

from demiurgic.agent.carrying import CallRunner, Carried
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
from demiurgic.agent.progress import Progress
from demiurgic.agent.reminding import reminder
from demiurgic.agent.repetition import until_it_drones
from demiurgic.chat.protocol import Reply
from demiurgic.errors import ContextOverflow, DemiurgicError
from demiurgic.events import Finish, ReplyEnded
from demiurgic.messages import Assistant, Message, System, Tool, ToolCall, ToolResult, Usage, User
from demiurgic.tools.task import SPEC as HAND_OUT


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

    def shorten(self, cancel: threading.Event) -> Compacted | None:
        """Begin the conversation anew with what matters of it. Cancelled meanwhile, it stays as it is: None."""
        before, shortened = self.used(), self._compactor.shortened(self.conversation, cancel)
        if cancel.is_set():
            return None  # half a summary is none
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
        progress = Progress(self._text)
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

    def _work(self, progress: Progress) -> Generator[AgentEvent, None, TurnEnd]:
        limits = self._equipment.limits
        while (end := TurnEnd.CANCELLED if self._cancelled.is_set() else progress.limit(limits)) is None:
            yield from self._steered()
            used = yield from self._made_room()
            if self._cancelled.is_set():
                return TurnEnd.CANCELLED
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
            gear = self._equipment
            if told := reminder(ended, progress, self._agent.runner.files, gear.tools, guided=gear.guided):
                yield from self._remind(told)
            elif self._ends():
                return TurnEnd.DONE
        return end

    def _ends(self) -> bool:
        """Whether nobody has anything more to say. From then on nobody can."""
        with self._lock:
            self._over = not self._steering
            return self._over

    def _steered(self) -> Generator[AgentEvent]:
        with self._lock:
            said, self._steering = self._steering, []
        for text in said:
            yield from self._remind(text, "user")

    def _made_room(self) -> Generator[AgentEvent, None, int]:
        """Shorten the conversation if it leaves too little room. Returns how many tokens it has then."""
        used = self._agent.used()
        if not self._agent.fits(used) and (shortened := self._agent.shorten(self._cancelled)):
            yield shortened
            return shortened.after
        return used

    def _ask(self, progress: Progress, used: int) -> Generator[AgentEvent, None, ReplyEnded]:
        gear = self._equipment
        # Without a grammar, or without tools, nobody can be made to.
        must_call = progress.must_call and gear.wishes.constrain and bool(gear.tools)
        options = replace(
            gear.wishes,
            max_tokens=gear.wishes.max_tokens or self._room(used),
            tool_choice="required" if must_call else gear.wishes.tool_choice,
            draft=self._agent.runner.draft(),
            narrowed=narrowed(gear.tools.values(), gear.workspace),
        )
        progress.must_call = False
        reply = gear.model.reply(self._agent.conversation, self._agent.specs, options)
        self._go_on(reply)
        for event in until_it_drones(reply):
            if isinstance(event, ReplyEnded):
                self._agent.conversation.append(event.message)
                progress.replied(event)
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

    def _carry_out(self, ended: ReplyEnded, progress: Progress) -> Generator[AgentEvent]:
        for call in ended.message.calls:
            carried: Carried
            if call.name == HAND_OUT.name and self._agent.may_delegate:
                carried = yield from self._delegated(call, progress)
            else:
                carried = yield from self._agent.runner.carry_out(call, self._cancelled, progress.repetition)
            self._agent.conversation.append(ToolResult(call.id, call.name, carried.text))
            progress.carried_out(call, carried)

    def _delegated(self, call: ToolCall, progress: Progress) -> Generator[AgentEvent, None, Carried]:
        turn = Agent(for_helper(self._equipment), may_delegate=False).turn(str(call.arguments["prompt"]))
        self._go_on(turn)
        carried, ended = yield from delegated(call, turn, self._agent.runner)
        progress.spent(ended.usage)
        return carried

    def _remind(self, text: str, origin: Origin = "program") -> Generator[AgentEvent]:
        reminded = Reminded(text, origin)
        self._agent.conversation.append(reminded.message)
        yield reminded
