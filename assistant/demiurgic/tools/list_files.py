"""The tool that shows which files there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.choosing import Choice, chosen
from demiurgic.tools.places import telling_the_model
from demiurgic.tools.protocol import Budget, Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.room import first_that_fit, fits
from demiurgic.tools.schema import TEXT, arguments, told
from demiurgic.workspace.shown import visible_name

SPEC = Tool(
    "list",
    "List the files in a folder and below.",
    arguments({}, {"path": TEXT, "glob": told(TEXT, "such as src/**/*.py")}),
)
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class ListPlan:
    """Which files are listed."""

    choice: Choice

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.READ, self.choice.place.target or "."),)

    @property
    def view(self) -> TextView:
        return TextView(f"list {self.choice.place.shown}")

    def run(self, around: Surroundings) -> Outcome:
        with telling_the_model():
            paths = [entry.path for entry in islice(self.choice.files(), _MOST + 1)]
        if not paths:
            return Outcome("No file fits." if self.choice.patterns else "There are no files.")
        return Outcome("\n".join(_said(paths[:_MOST], around.budget, more=len(paths) > _MOST)))


class ListTool:
    """Lists files."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> ListPlan:
        choice = chosen(around, arguments.get("path") or ".", arguments.get("glob") or "")
        with telling_the_model():
            around.workspace.entries(choice.place.path)  # says what is there instead
        return ListPlan(choice)


def _said(paths: Sequence[str], budget: Budget, *, more: bool) -> list[str]:
    """All files; or folders with what they hold, as deep as it fits."""
    note = [f"[the first {len(paths)} files]"] if more else []
    deepest = max(path.count("/") for path in paths)
    lines: list[str] = []
    for depth in (deepest, *range(min(deepest, 6) - 1, -1, -1)):
        lines = _folded(paths, depth)
        if fits("\n".join((*lines, *note)), budget):
            return [*lines, *note]
    shown = first_that_fit(lines, budget)
    return [*lines[:shown], f"[and {len(lines) - shown} more: name a folder or a glob]", *note]


def _folded(paths: Sequence[str], depth: int) -> list[str]:
    """The files, those that lie deeper counted by folder."""
    within: Counter[str] = Counter()
    lines: dict[str, None] = {}
    for path in paths:
        names = path.split("/")
        if len(names) - 1 <= depth:
            lines[visible_name(path)] = None
        else:
            folder = visible_name("/".join(names[: depth + 1]))
            within[folder] += 1
            lines[folder] = None
    return [f"{line}/ ({within[line]} files)" if line in within else line for line in lines]
