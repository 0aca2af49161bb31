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

    def model(self, name: str) -> str:
        return str(self.models / name)

    def side(self, name: str, *arguments: object) -> dict[str, float]:
        """Run one side of a question once and return its figures."""
        environment = dict(os.environ) | (OURS if name.startswith("ours") else {})
        command = [sys.executable, "-m", "bench.sides", name, *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def turns(self, sides: dict[str, tuple[object, ...]]) -> dict[str, dict[str, float]]:
        """Medians of every figure of every side, the sides taking turns."""
        seen: dict[str, dict[str, list[float]]] = {name: {} for name in sides}
        for _ in range(self.rounds):
            for name, arguments in sides.items():
                for figure, value in self.side(name, *arguments).items():
                    seen[name].setdefault(figure, []).append(value)
        return {name: {f: statistics.median(v) for f, v in figures.items()} for name, figures in seen.items()}

    def add(self, row: Row) -> None:
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
