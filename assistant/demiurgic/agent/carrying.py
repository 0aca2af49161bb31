"""Carrying out one call: check it, ask whoever must be asked, do it, and say what came of it.

Whatever goes wrong on the way becomes the call's result, in words for the model. This is the one place of the agent
where any exception of a tool is caught: a tool that breaks must not end the conversation.
"""

import queue
import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from demiurgic.agent.counting import Counter
from demiurgic.agent.equipment import Equipment
from demiurgic.agent.events import (
    AgentEvent,
    ApprovalAsked,
    ApprovalGiven,
    ToolFinished,
    ToolOutput,
    ToolStarted,
)
from demiurgic.agent.files import OpenFiles
from demiurgic.agent.judging import Allowed, Asks, Denied
from demiurgic.agent.mentions import attached, mentioned, missing
from demiurgic.agent.notes import Notes
from demiurgic.agent.repetition import Repetition
from demiurgic.errors import DemiurgicError, ToolFailed
from demiurgic.messages import Message, ToolCall
from demiurgic.sandbox.protocol import Stream
from demiurgic.tools.protocol import Budget, Effect, EffectKind, Outcome, Plan, Surroundings
from demiurgic.tools.room import folded

_SHARE_OF_CONTEXT = 0.15
_SHARE_OF_FREE = 0.5
_LEAST_BUDGET = 200


@dataclass(frozen=True, slots=True)
class Carried:
    """What a call came to, for the conversation."""

    text: str
    wrote: tuple[str, ...] = ()
    failed: bool = False
    declined: bool = False
    """Whether it failed because it may not be."""


class Declined(ToolFailed):
    """The call could be carried out, and must not be."""


class CallRunner:
    """Carries out calls and remembers which files the conversation has seen."""

    def __init__(
        self, equipment: Equipment, counter: Counter, conversation: Sequence[Message], used: Callable[[], int]
    ) -> None:
        """`used` tells how many tokens the conversation takes, which goes on in that very list."""
        self._equipment, self._counter, self._used = equipment, counter, used
        self._conversation = conversation
        self.files = OpenFiles(equipment.workspace)
        self._notes = Notes(equipment.workspace)

    def draft(self) -> str:
        """What a reply may repeat in long runs: the files it has just seen."""
        return self.files.latest()

    def notes_on(self, paths: Collection[str]) -> str:
        """What the project's own notes say about these files, unless the conversation holds it."""
        return self._notes.of(paths, self._conversation, self._budget())

    def attachments(self, text: str) -> str:
        """The files that the user names, as they are now. From here on the model has seen them."""
        files = self._equipment.workspace
        asked = mentioned(text, files, in_passing=self._equipment.guided)
        paths = [path for path in asked if self._may_read(path, "read")]
        told = list(attached(paths, files, self._budget()))
        self.files.note([each.path for each in told if each.shown], ())
        free = missing(text, files) if self._equipment.guided else []
        return "\n\n".join((*(each.text for each in told), *(f"{path} does not exist yet." for path in free)))

    def shortened(self, text: str) -> str:
        """As much of a result as its share of the context allows."""
        return "\n".join(folded(text.split("\n"), self._budget()))

    def _may_read(self, path: str, tool: str) -> bool:
        verdict = self._equipment.judge.judge(tool, (Effect(EffectKind.READ, path),))
        return isinstance(verdict, Allowed)

    def carry_out(
        self, call: ToolCall, cancel: threading.Event, repetition: Repetition
    ) -> Generator[AgentEvent, None, Carried]:
        """The call's events, and its result."""
        started, declined = time.monotonic(), False
        try:
            outcome = yield from self._tried(call, cancel)
        except DemiurgicError as error:
            declined = isinstance(error, Declined)
            outcome = Outcome(f"Error: {error.message}" + (f"\n{error.hint}" if error.hint else ""), failed=True)
        except Exception as error:  # noqa: BLE001 - a broken tool is the model's problem, not the conversation's end
            outcome = Outcome(f"Error: the tool broke: {type(error).__name__}: {error}", failed=True)
        reminder = repetition.note(call, outcome.text)
        text = f"{outcome.text}\n\n{reminder}" if reminder else outcome.text
        seconds = time.monotonic() - started
        yield ToolFinished(call.id, call.name, text, outcome.failed, outcome.view, outcome.wrote, seconds)
        return Carried(text, outcome.wrote, outcome.failed, declined)

    def _tried(self, call: ToolCall, cancel: threading.Event) -> Generator[AgentEvent, None, Outcome]:
        tool = self._equipment.tools.get(call.name)
        if tool is None:
            raise ToolFailed(f"there is no tool named {call.name}", f"there are {', '.join(self._equipment.tools)}")
        if cancel.is_set():
            raise ToolFailed("the user stopped this before it began")
        output: queue.SimpleQueue[ToolOutput | None] = queue.SimpleQueue()

        def heard(stream: Stream, data: bytes) -> None:
            output.put(ToolOutput(call.id, stream, data.decode("utf-8", "replace")))

        around = Surroundings(
            self._equipment.workspace,
            self._equipment.sandbox,
            self._equipment.kernel,
            self._budget(),
            cancel,
            heard,
            self.files.seen,
            lambda path: self._may_read(path, call.name),
        )
        plan = tool.plan(call.arguments, around)
        yield from self._permitted(call, plan)
        self._equipment.hooks.before(call)
        yield ToolStarted(call, plan.view)
        outcome = yield from _followed(plan, around, output)
        touched = [effect.target for effect in plan.effects if effect.kind is EffectKind.READ]
        if not outcome.failed:
            self.files.note(touched, outcome.wrote)
        notes = (
            self._equipment.hooks.after(call, outcome.text, failed=outcome.failed),
            self.notes_on((*touched, *outcome.wrote)),
        )
        return replace(outcome, text="\n\n".join(part for part in (outcome.text, *notes) if part))

    def _permitted(self, call: ToolCall, plan: Plan) -> Generator[AgentEvent]:
        """Raises Declined where the answer is no."""
        effects = tuple(plan.effects)
        match self._equipment.judge.judge(call.name, effects):
            case Allowed():
                return
            case Denied(reason):
                raise Declined(reason)
            case Asks(reason, rule):
                question = ApprovalAsked(call, effects, plan.view, reason, rule)
                yield question
                answer = self._equipment.approver.ask(question)
                yield ApprovalGiven(call.id, answer)
                if answer.kind == "deny":
                    said = (
                        f": {answer.feedback}" if answer.feedback else ". Do not try it again; ask what to do instead."
                    )
                    raise Declined(f"the user said no{said}")
                self._equipment.judge.learn(call.name, effects, answer)

    def _budget(self) -> Budget:
        """A share of the context for one result, and never more than half of what is free."""
        free = self._counter.context - self._used()
        share = min(_SHARE_OF_CONTEXT * self._counter.context, _SHARE_OF_FREE * free)
        return Budget(max(_LEAST_BUDGET, int(share)), self._counter.text)


def _followed(
    plan: Plan, around: Surroundings, output: "queue.SimpleQueue[ToolOutput | None]"
) -> Generator[AgentEvent, None, Outcome]:
    """Run the plan beside, passing on what it writes as it comes. Leaving early stops it."""
    with ThreadPoolExecutor(1, "tool") as pool:
        future = pool.submit(plan.run, around)
        future.add_done_callback(lambda _: output.put(None))
        try:
            while (heard := output.get()) is not None:
                yield heard
        finally:
            if not future.done():
                around.cancel.set()
    return future.result()
