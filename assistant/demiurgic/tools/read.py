"""The tool that reads a file, or a part of it."""

from dataclasses import dataclass

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.excerpts import Excerpt, excerpt
from demiurgic.tools.places import Place, place_to_read, telling_the_model
from demiurgic.tools.protocol import Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.room import first_that_fit, last_that_fit, numbered
from demiurgic.tools.schema import TEXT, WHOLE, arguments, told

SPEC = Tool(
    "read",
    "Show a file with line numbers.",
    arguments(
        {"path": TEXT},
        {"offset": told(WHOLE, "first line; negative: from the end"), "limit": WHOLE},
    ),
)


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """Which lines of which file."""

    place: Place
    offset: int
    limit: int | None

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.READ, self.place.target),)

    @property
    def view(self) -> TextView:
        return TextView(f"read {self.place.shown}")

    def run(self, around: Surroundings) -> Outcome:
        with telling_the_model(), self.place.files.open(self.place.path) as file:
            found = excerpt(file, self.offset, self.limit, around.cancel)
        if found is None:
            raise ToolFailed(f"{self.place.shown} is a binary file", "look at it with a program")
        return Outcome(self._said(found, around))

    def _said(self, found: Excerpt, around: Surroundings) -> str:
        if found.total == 0:
            return "The file is empty."
        if not found.lines:
            raise ToolFailed(f"{self.place.shown} has only {found.total} lines")
        lines = numbered(found.lines, found.first)
        if self.offset < 0:
            shown = lines[len(lines) - last_that_fit(lines, around.budget) :]
        else:
            shown = lines[: first_that_fit(lines, around.budget)]
        first = found.first + (len(lines) - len(shown) if self.offset < 0 else 0)
        return "\n".join((*shown, *_notes(found, first, first + len(shown) - 1)))


class ReadTool:
    """Reads a file."""

    spec = SPEC
    existing = ("path",)

    def plan(self, arguments: JsonObject, around: Surroundings) -> ReadPlan:
        place = place_to_read(around.workspace, arguments["path"])
        if place.files is around.workspace:  # what is outside is not even looked at before it is allowed
            with telling_the_model():
                place.files.open(place.path).close()
        limit = arguments.get("limit")
        if limit is not None and limit < 1:
            raise ToolFailed("limit must be at least 1")
        return ReadPlan(place, arguments.get("offset") or 1, limit)


def _notes(found: Excerpt, first: int, last: int) -> list[str]:
    notes: list[str] = []
    total = f"{found.total}" if found.total is not None else "many more"
    if first > 1 or found.total is None or last < found.total:
        more = f"; read on with offset={last + 1}" if found.total is None or last < found.total else ""
        notes.append(f"[lines {first}-{last} of {total}{more}]")
    if found.encoding != "utf-8":
        notes.append(f"[encoding {found.encoding}]")
    return notes
