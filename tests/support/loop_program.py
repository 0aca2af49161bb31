"""A loop of four scripted stages, as a program that can be killed: a -> b -> c, and d behind b alone."""

import sys
from functools import partial
from pathlib import Path

from demiurgic.config import Settings
from demiurgic_training.distilling.plan import Plan
from demiurgic_training.distilling.records import Made, Outcome
from demiurgic_training.distilling.running import Loop
from demiurgic_training.distilling.stages import Job, Stage

PIECES = 12


class Silent:
    """Satisfies `Screen`, and remembers."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.kept: list[str] = []

    def begins(self, stage: Stage, *, again: bool) -> None:
        self.begun.append(stage.name)

    def says(self, line: str) -> None:
        pass

    def ends(self, made: Made, *, kept: bool) -> None:
        if kept:
            self.kept.append(made.stage)

    def waits(self) -> None:
        pass


def work(salt: str, job: Job) -> Outcome:
    """Pieces by a process of its own, and a file that says what it was made of."""
    pieces, out = job.folder / "pieces.txt", job.folder / "out.txt"
    job.steps.module("support.loop_step", pieces, PIECES)
    above = [made.file("out").read_text() for made in job.needs.values()]
    out.write_text(f"{salt}({','.join(above)})")
    return Outcome({"out": out}, {"verdict": out.read_text()})


def scripted(salts: dict[str, str]) -> list[Stage]:
    """The stages, each with a setting: its salt."""
    needs = {"a": (), "b": ("a",), "c": ("b",), "d": ("b",)}
    return [
        Stage(name, name, partial(work, salts.get(name, name)), above, {"salt": salts.get(name, name)})
        for name, above in needs.items()
    ]


def loop(folder: Path, salts: dict[str, str] | None = None, screen: Silent | None = None) -> Loop:
    """One that writes to this folder."""
    plan = Plan(student="nobody", teacher="nobody", out=folder)
    return Loop(plan, Settings(), scripted(salts or {}), screen or Silent())


if __name__ == "__main__":
    loop(Path(sys.argv[1])).run()
