"""Runs the stages of a loop one after the other, each of them once.

A stage's folder is named by everything that decides its outcome: the settings that it reads, and what came out of the
stages that it needs. Where such a folder holds a record, the stage is done; where it holds none, what a killed start
left in it is gone on with, as far as the stage's own work can. A changed setting leads to other folders for what
depends on it, and a setting that is changed back leads back.
"""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic.evaluation.lines import Row
from demiurgic_training.distilling.plan import Plan
from demiurgic_training.distilling.records import Made, key_of, load_made, save_made
from demiurgic_training.distilling.stages import Job, Stage
from demiurgic_training.distilling.steps import Steps, alone
from demiurgic_training.journal import Journal


class Screen(Protocol):
    """Shows how a loop goes on."""

    def begins(self, stage: Stage, *, again: bool) -> None:
        """A stage is begun, or gone on with."""
        ...

    def says(self, line: str) -> None:
        """What its work says by now."""
        ...

    def ends(self, made: Made, *, kept: bool) -> None:
        """A stage is done; `kept`: it was before."""
        ...

    def waits(self) -> None:
        """A step of an earlier start is still running."""
        ...


@dataclass(slots=True)
class Loop:
    """One folder's loop. For one program at a time."""

    plan: Plan
    settings: Settings
    stages: Sequence[Stage]
    screen: Screen
    made: dict[str, Made] = field(default_factory=dict[str, Made])
    _starts: Counter[str] = field(default_factory=Counter[str])

    def run(self) -> Made:
        """Do what is not done yet, and return what the last stage made. Raises what a stage raises."""
        folder = self.plan.out
        try:
            (folder / "stages").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder} cannot be made: {error.strerror}", "name another one: out=FOLDER") from error
        with (
            Journal(folder / "loop.jsonl", self._take) as journal,
            alone(folder / "steps.lock", self.screen.waits) as lock,
        ):
            for stage in self.stages:
                self.made[stage.name] = self._done(stage, journal, lock)
        return self.made[self.stages[-1].name]

    def _done(self, stage: Stage, journal: Journal, lock: int | None) -> Made:
        needs = {name: self.made[name] for name in stage.needs}
        key = key_of(stage.name, stage.decided_by, needs)
        folder = self.plan.out / "stages" / f"{stage.name}-{key}"
        if (made := load_made(stage.name, key, folder)) is not None:
            self.screen.ends(made, kept=True)
            return made
        folder.mkdir(exist_ok=True)
        self.screen.begins(stage, again=self._starts[folder.name] > 0)
        journal.append({"began": folder.name, "at": time.time(), "process": os.getpid()})
        self._starts[folder.name] += 1
        steps = Steps(folder / "log.txt", lock, self.screen.says)
        began = time.monotonic()
        outcome = stage.work(Job(self.plan, self.settings, folder, needs, steps))
        seconds = time.monotonic() - began
        cost = replace(steps.cost, seconds=seconds, starts=self._starts[folder.name])
        made = save_made(stage.name, key, folder, outcome, cost)
        journal.append({"done": folder.name, "at": time.time(), "seconds": round(seconds, 3)})
        self.screen.ends(made, kept=False)
        return made

    def _take(self, row: Row) -> None:
        if began := row.get("began"):
            self._starts[str(began)] += 1
