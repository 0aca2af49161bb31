"""A loop as one HTML file that needs nothing else: no network, no fonts, no script.

It says first whether the student is better than its base, and how sure that is; then where its lessons are from, how it
was taught, whether its GGUF files compute what the checkpoint does, and what all of it took.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from demiurgic.evaluation.comparing.drawing import environment, sentences, style
from demiurgic.evaluation.comparing.wording import chance, percent
from demiurgic.evaluation.statistics import ALPHA
from demiurgic.workspace.shown import visible
from demiurgic_models.files import write_beside
from demiurgic_training.distilling.plan import Plan
from demiurgic_training.distilling.told import Told

_WIDE, _HIGH = 640, 160


def write_page(path: Path, plan: Plan, told: Told) -> str:
    """Write the page, and return its verdict."""
    write_beside(path, page(plan, told))
    return verdict(told)


def page(plan: Plan, told: Told) -> str:
    """The whole page."""
    drawn = environment()
    drawn.filters |= {"text": visible, "bytes": in_bytes, "seconds": in_time}
    template = files("demiurgic_training.distilling").joinpath("report.html").read_text("utf-8")
    return drawn.from_string(template).render(
        plan=plan,
        told=told,
        comparison=told.comparison,
        names=told.names,
        sentences=sentences(told.comparison),
        verdict=verdict(told),
        curve=curve(told.taught.losses),
        settings=yaml.safe_dump(_plain(plan), sort_keys=False, allow_unicode=True, width=100),
        total=sum(made.cost.seconds for made in told.stages),
        style=style(),
    )


def verdict(told: Told) -> str:
    """The loop's outcome in one sentence: of the student's first form against its base."""
    difference, (base, student, *_) = told.comparison.differences[0], told.comparison.standings
    scores = f"{percent(base.share)} before, {percent(student.share)} after, on {len(told.comparison.tasks)} problems"
    sure = f"p = {chance(difference.p_of_all)}"
    if difference.p_of_all > ALPHA:
        return f"Whether the student is better than its base cannot be said: {scores}; {sure}."
    which = "better" if difference.points > 0 else "worse"
    return f"The student is {which} than its base, more than chance: {scores}; {sure}."


def curve(losses: Sequence[tuple[int, float]]) -> str:
    """The points of a line through all losses, for an SVG of the page's size."""
    if len(losses) < 2:
        return ""
    last, highest = losses[-1][0], max(loss for _, loss in losses) or 1.0
    return " ".join(f"{_WIDE * step / last:.1f},{_HIGH * (1 - loss / highest):.1f}" for step, loss in losses)


def in_bytes(count: int) -> str:
    """1.2 GB, 34 MB"""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB" if count else ""


def in_time(seconds: float) -> str:
    """41 s, 3 min 20 s, 2 h 5 min"""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _plain(plan: Plan) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(json.dumps(asdict(plan), default=str))
    return held
