"""The tool that finds text in many files."""

from dataclasses import dataclass

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.choosing import Choice, chosen
from demiurgic.tools.found import Found, Matches
from demiurgic.tools.places import telling_the_model
from demiurgic.tools.protocol import Budget, Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.ripgrep import ripgrep
from demiurgic.tools.room import first_that_fit, fits, shortened
from demiurgic.tools.schema import TEXT, arguments, told
from demiurgic.tools.searching import search_files, understood
from demiurgic.tools.textfile import decoded, lines_of
from demiurgic.workspace.shown import visible, visible_name

SPEC = Tool(
    "search",
    "Find lines in files by regex or text.",
    arguments({"pattern": TEXT}, {"path": TEXT, "glob": told(TEXT, "such as *.py")}),
)
_PER_FILE = (50, 10, 3, 1)
"""Matches shown of each file: fewer where not all would fit."""
_AROUND = 2
"""Lines shown on either side of a match where one file is searched."""
_MOST_AROUND = 20
"""Matches up to which that helps."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is looked for, and where."""

    pattern: str
    choice: Choice

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.READ, self.choice.place.target or "."),)

    @property
    def view(self) -> TextView:
        return TextView(f"search {visible_name(self.pattern)} in {self.choice.place.shown}")

    def run(self, around: Surroundings) -> Outcome:
        expression, literal = understood(self.pattern)
        with telling_the_model():
            found = search_files(
                self.choice,
                expression,
                around.cancel,
                lambda: ripgrep(self.choice, self.pattern, around, literal=literal),
            )
        notes = ["[not a valid regex: searched as plain text]"] if literal else []
        if not found.files:
            return Outcome("\n".join((f"Nothing in {found.searched} files matches.", *notes, *_cut_short(found))))
        said = self._with_lines_around(found, around.budget) or _said(found, around.budget)
        return Outcome("\n".join((*said, *notes, *_cut_short(found))))

    def _with_lines_around(self, found: Found, budget: Budget) -> list[str]:
        """Matches in the one file that was asked for, among their neighbours. Nothing where that would be much."""
        place, [matches, *others] = self.choice.place, found.files
        if others or matches.path != place.path or matches.count > _MOST_AROUND or not matches.searched_all:
            return []
        with telling_the_model():
            file = decoded(place.files.saved.read(place.path))
        lines = lines_of(file.text) if file else []
        hits = {number for number, _ in matches.lines}
        near = sorted({number + away for number in hits for away in range(-_AROUND, _AROUND + 1)})
        shown = [
            f"{number}{':' if number in hits else '-'} {shortened(lines[number - 1])}"
            for number in near
            if 0 < number <= len(lines)
        ]
        return [place.shown, *shown] if fits("\n".join(shown), budget) else []


class SearchTool:
    """Finds text in files."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> SearchPlan:
        if not arguments["pattern"]:
            raise ToolFailed("`pattern` is empty")
        choice = chosen(around, arguments.get("path") or ".", arguments.get("glob") or "")
        with telling_the_model():
            if not (entry := around.workspace.stat(choice.place.path)) or entry.is_folder:
                around.workspace.entries(choice.place.path)  # says what is there instead
        return SearchPlan(arguments["pattern"], choice)


def _said(found: Found, budget: Budget) -> list[str]:
    """All matches, or as many of each file as fit; and if one of each is too much, as many files as fit."""
    groups: list[list[str]] = []
    for most in _PER_FILE:
        groups = [_group(matches, most) for matches in found.files]
        if fits("\n".join(line for group in groups for line in group), budget):
            return [line for group in groups for line in group]
    texts = ["\n".join(group) for group in groups]
    shown = first_that_fit(texts, budget)
    left = len(texts) - shown
    return [*texts[:shown], f"[and {left} more files: name a folder, a glob or a longer pattern]"] if left else texts


def _group(matches: Matches, most: int) -> list[str]:
    shown = [f"{number}: {line}" for number, line in matches.lines[:most]]
    more = matches.count - len(shown)
    return [visible_name(matches.path), *shown, *([f"[{more} more in this file]"] if more else [])]


def _cut_short(found: Found) -> list[str]:
    notes = [f"[only the beginning of {visible_name(path)} was searched: it is large]" for path in found.large[:3]]
    return [*notes, *([f"[{visible(found.stopped)}]"] if found.stopped else [])]
