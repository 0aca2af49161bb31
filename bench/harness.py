"""Running both sides of a question in turn, each in a process of its own, and showing medians and ratios.

Processes of their own, because the OpenMP runtime reads its settings once, and ours differ from the peers'.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figures

Side = tuple[str | int, ...]
"""Module, question, model file, numbers."""

OURS = {"GOMP_SPINCOUNT": "1000"}
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ours against a peer's, as a ratio that shall reach `target`."""

    what: str
    ours: float
    peer: float
    ratio: float
    unit: str
    target: float | None = None
    smaller_is_better: bool = False

    @property
    def fine(self) -> bool | None:
        if self.target is None:
            return None
        return self.ratio <= self.target if self.smaller_is_better else self.ratio >= self.target


@dataclass(slots=True)
class Bench:
    """Settings of one run and what came of it."""

    models: Path
    rounds: int
    rows: list[Row] = field(default_factory=list[Row])

    def turns(self, *sides: Side) -> list[Figures]:
        """Medians of every side's figures. The sides take turns, each time in a fresh process."""
        seen: list[dict[str, list[float]]] = [{} for _ in sides]
        for _ in range(self.rounds):
            for figures, side in zip(seen, sides, strict=True):
                for name, value in self._ask(*side).items():
                    figures.setdefault(name, []).append(value)
        return [{name: statistics.median(values) for name, values in figures.items()} for figures in seen]

    def faster(self, what: str, ours: float, peer: float, unit: str, target: float | None = None) -> None:
        """More is better."""
        self._add(Row(what, ours, peer, ours / peer, unit, target))

    def sooner(self, what: str, ours: float, peer: float, unit: str, target: float | None = None) -> None:
        """A time that shall be so many times shorter."""
        self._add(Row(what, ours, peer, peer / ours, unit, target))

    def slower(self, what: str, ours: float, peer: float, unit: str, target: float | None = None) -> None:
        """A time that shall be at most so many times longer."""
        self._add(Row(what, ours, peer, ours / peer, unit, target, smaller_is_better=True))

    def _ask(self, side: str, question: str, model: str, *numbers: int) -> Figures:
        environment = dict(os.environ) | (OURS if side == "ours" else {})
        command = [sys.executable, "-m", f"bench.{side}", question, str(self.models / model), *map(str, numbers)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        mark = {True: "ok", False: "MISSED", None: ""}[row.fine]
        sign = "≤" if row.smaller_is_better else "≥"
        target = f"{sign} {row.target:g}" if row.target is not None else ""
        print(
            f"{row.what:<58}{row.ours:>9.2f}{row.peer:>9.2f} {row.unit:<6}{row.ratio:>7.2f}x {target:<8}{mark}",
            flush=True,
        )

    def save(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        record = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
            "rounds": self.rounds,
            "rows": [{name: getattr(row, name) for name in row.__slots__} for row in self.rows],
        }
        with (RESULTS / "runs.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")


Question = Callable[[Bench], None]
