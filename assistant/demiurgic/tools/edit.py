"""The tool that replaces a passage of a file."""

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.changing import ChangePlan, FileNow, Unfit, existing_file
from demiurgic.tools.matching import NoMatch, Splice, apply, find, stands
from demiurgic.tools.nearest import nearest
from demiurgic.tools.protocol import Budget, Surroundings
from demiurgic.tools.room import first_that_fit, numbered
from demiurgic.tools.schema import TEXT, YES_OR_NO, arguments
from demiurgic.tools.textfile import lines_of

SPEC = Tool(
    "edit",
    "Replace text in a file. Quote whole lines that are there only once.",
    arguments(
        {"path": TEXT, "old": TEXT, "new": TEXT},
        {"all": YES_OR_NO},
    ),
)
_TELLING = 12
"""Letters that a replacement must have for its being there already to mean anything."""
_PLACES_NAMED = 10


class EditTool:
    """Replaces a passage of a file."""

    spec = SPEC
    existing = ("path",)

    def plan(self, arguments: JsonObject, around: Surroundings) -> ChangePlan | Unfit:
        now, file = existing_file(around, arguments["path"])
        old, new = arguments["old"], arguments["new"]
        if not old.strip():
            raise ToolFailed("`old` is empty", "quote the lines to replace; to make a file, use write")
        if old == new:
            raise ToolFailed("`old` and `new` are the same: nothing would change")
        text = file.text
        found = find(text, old, new, everywhere=bool(arguments.get("all")))
        if isinstance(found, NoMatch):
            return Unfit(now.path, ToolFailed(_explained(now, text, (old, new), found, around.budget)))
        after = file.saying(apply(text, found))
        if after.text == text:
            return Unfit(now.path, ToolFailed(f"{now.shown} says this already: nothing would change"))
        after.data()
        return ChangePlan(now, after, f"Edited {now.shown}, {_where(text, found)}.")


def _where(text: str, splices: list[Splice]) -> str:
    if len(splices) > 1:
        return f"{len(splices)} places"
    first = text.count("\n", 0, splices[0].start) + 1
    last = first + max(len(lines_of(splices[0].text)) - 1, 0)
    return f"line {first}" if first == last else f"lines {first}-{last}"


def _explained(now: FileNow, text: str, passages: tuple[str, str], found: NoMatch, budget: Budget) -> str:
    old, new = passages
    lines = lines_of(text)
    if found.places:
        where = ", ".join(str(line) for line in found.places[:_PLACES_NAMED])
        return (
            f"`old` is {len(found.places)} times in {now.shown}: at line {where}. "
            "Quote more of the lines around it, or set `all`."
        )
    length = len(lines_of(old.strip("\n")))
    if found.uneven:
        said = f"`old` is in {now.shown}, but its indentation is different. The lines are:"
        return _with_lines(said, lines, (found.uneven, found.uneven + length - 1), budget)
    if len(new.strip()) >= _TELLING and (line := stands(text, new)):
        return f"`old` is not in {now.shown}, but `new` is, at line {line}: the change seems to be made already."
    near = nearest(lines, lines_of(old.strip("\n")))
    if near is None:
        return f"`old` is not in {now.shown}, nor anything like it. Read the file."
    return _with_lines(f"`old` is not in {now.shown}. The nearest lines are:", lines, (near.first, near.last), budget)


def _with_lines(said: str, lines: list[str], span: tuple[int, int], budget: Budget) -> str:
    first, last = span
    real = numbered(lines[first - 1 : last], first)
    return "\n".join((said, *real[: first_that_fit(real, budget)]))
