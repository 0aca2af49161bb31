"""One task, done by the agent and checked. Nobody is there to be asked, and nothing of the user's own is taken along.

The agent works as it would for a user in mode `all`: whatever leaves its sandbox is refused. The model is opened anew
for each task, so that no task depends on the one before it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from demiurgic.agent.desk import Desk
from demiurgic.agent.equipment import Limits
from demiurgic.agent.events import Answer, ApprovalAsked, Approver, TurnEnd
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.compose.desk import DeskOptions, open_desk
from demiurgic.config import Settings
from demiurgic.evaluation.agents.checking import check
from demiurgic.evaluation.agents.counting import Tally, tally
from demiurgic.evaluation.agents.folders import lay_out
from demiurgic.evaluation.agents.tasks import Task
from demiurgic.modes import Mode
from demiurgic.sandbox.choose import open_sandbox

OpenDesk = Callable[[Settings, Path, Approver, DeskOptions], Desk]


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all tasks of a run."""

    settings: Settings
    reply_tokens: int
    """No reply is longer: a model that cannot stop would write until its context is full."""
    grammar: bool = True
    open_desk: OpenDesk = open_desk


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one task under one seed."""

    task: str
    seed: int
    solved: bool
    detail: str
    seconds: float
    """Of the agent's work; loading the model and the hidden tests are not in it."""
    took: Tally

    @property
    def kind(self) -> str:
        return self.task.partition("/")[0]

    @property
    def broke(self) -> bool:
        """Whether the model or its engine failed, so that nothing is known of how well it works."""
        return self.took.end is TurnEnd.ERROR


def run_task(task: Task, seed: int, setting: Setting, place: Path) -> Run:
    """Let the agent work, then check. All files are made in `place`, which whoever calls removes."""
    project = place / "project"
    lay_out(task, project)
    settings = replace(
        setting.settings, approve=Mode.ALL.value, state_dir=place / "state", mcp=(), hooks=(), fetch=False
    )
    allowance = task.allowance
    options = DeskOptions(
        limits=Limits(steps=allowance.steps, tokens=allowance.tokens, seconds=allowance.seconds),
        wishes=ReplyOptions(seed=seed, constrain=setting.grammar, max_tokens=setting.reply_tokens),
    )
    desk = setting.open_desk(settings, project, _Nobody(), options)
    try:
        took, seconds = _worked(desk, task.instruction, allowance.seconds)
        desk.export(place / "conversation.jsonl")
    finally:
        desk.close()
    checked = check(
        task,
        project,
        took.answer,
        place / "check",
        lambda policy: open_sandbox(settings.sandbox, policy, settings.allow_process, settings.docker),
    )
    return Run(task.id, seed, checked.solved, checked.detail, round(seconds, 2), took)


def _worked(desk: Desk, instruction: str, seconds: float) -> tuple[Tally, float]:
    turn = desk.say(instruction)
    # The turn looks at the time between steps only; this also ends a reply or a command that goes on and on.
    alarm = threading.Timer(seconds, turn.cancel)
    alarm.start()
    started = time.monotonic()
    try:
        took = tally(turn)
    finally:
        alarm.cancel()
        turn.cancel()
    if took.end is TurnEnd.CANCELLED:
        took = replace(took, end=TurnEnd.TIME_LIMIT)
    return took, time.monotonic() - started


class _Nobody:
    """Answers for a user who is not there: no."""

    def ask(self, question: ApprovalAsked) -> Answer:
        return Answer("deny", "nobody is here to ask; do without it")
