"""The confusion matrix as a picture. Labels that the font cannot write are given by their number."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demiurgic.errors import MissingExtra
from demiurgic_models.files import put

_CELL = 0.32
_NUMBERED = 60
"""Labels from which on counts no longer fit into the cells."""


def draw(path: Path, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
    """Draw counts by truth (rows) and prediction (columns, the last one for none)."""
    if not importlib.util.find_spec("matplotlib"):
        raise MissingExtra("matplotlib, which draws the confusion matrix,", "eval")
    from matplotlib.figure import Figure

    figure_of: Any = Figure
    size = max(4.0, _CELL * len(labels) + 2.5)
    figure = figure_of(figsize=(size, size), layout="constrained")
    axes = figure.add_subplot()
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = _writable(labels)
    axes.set_xticks(range(len(names) + 1), [*names, "(none)"], rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("predicted")
    axes.set_ylabel("truth")
    if len(labels) < _NUMBERED:
        _number(axes, counts, shares)
    beside = path.with_name(f"{path.name}.new")
    figure.savefig(beside, format="png", dpi=100)
    put(beside, path)


def _number(axes: Any, counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]) -> None:  # noqa: ANN401 - matplotlib has no types to speak of
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            if count:
                colour = "white" if shares[row][column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=6, color=colour)


def _writable(labels: Sequence[str]) -> list[str]:
    """The labels as far as matplotlib's font has their letters, `$` spelled out; else their numbers."""
    from matplotlib import font_manager

    fonts: Any = font_manager
    known: dict[int, int] = fonts.get_font(fonts.findfont(fonts.FontProperties())).get_charmap()
    if any(ord(letter) not in known for label in labels for letter in label):
        return [str(number) for number in range(len(labels))]
    return [label.replace("$", r"\$") for label in labels]
