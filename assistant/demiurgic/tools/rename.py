"""The tool that renames something in a file, and says which other files still use the old name.

It goes by whole words, as a careful search and replace would: in comments and texts too, where an old name misleads.
"""

import re
from dataclasses import dataclass

import regex

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.changing import ChangePlan, Unfit, existing_file
from demiurgic.tools.choosing import chosen
from demiurgic.tools.found import Found
from demiurgic.tools.protocol import DiffView, Effect, Outcome, Surroundings
from demiurgic.tools.schema import TEXT, arguments
from demiurgic.tools.searching import search_files
from demiurgic.workspace.shown import visible_name

SPEC = Tool("rename", "Rename a name in a file.", arguments({"path": TEXT, "old": TEXT, "new": TEXT}))
_NAME = re.compile(r"[^\W\d]\w*")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RenamePlan:
    """A change of one file, and what is looked for in the others when it is made."""

    change: ChangePlan
    old: str

    @property
    def effects(self) -> tuple[Effect, ...]:
        return self.change.effects

    @property
    def view(self) -> DiffView:
        return self.change.view

    def run(self, around: Surroundings) -> Outcome:
        done = self.change.run(around)
        return Outcome(f"{done.text}\n{_elsewhere(self.old, around)}", wrote=done.wrote)


@dataclass(frozen=True, slots=True)
class Unused(Unfit):
    """A name that a file does not use: perhaps others do."""

    old: str

    def run(self, around: Surroundings) -> Outcome:
        raise ToolFailed(self.reason.message, _elsewhere(self.old, around))


class RenameTool:
    """Renames something in a file."""

    spec = SPEC
    existing = ("path",)

    def plan(self, arguments: JsonObject, around: Surroundings) -> RenamePlan | Unused:
        old, new = (str(arguments[name]).strip().removesuffix("()") for name in ("old", "new"))
        for name in (old, new):
            if not _NAME.fullmatch(name):
                raise ToolFailed(f"{name!r} is no name", "give names alone, such as total and subtotal")
        if old == new:
            raise ToolFailed(f"`old` and `new` are both {old}: nothing would change")
        now, file = existing_file(around, arguments["path"])
        text, times = _word(old).subn(new, file.text)
        if not times:
            return Unused(now.path, ToolFailed(f"{now.shown} does not use the name {old}"), old)
        after = file.saying(text)
        after.data()
        said = f"Renamed {old} to {new} in {now.shown}, {'once' if times == 1 else f'{times} times'}."
        return RenamePlan(ChangePlan(now, after, said), old)


def _word(name: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<![\w$]){name}(?![\w$])")


def _elsewhere(name: str, around: Surroundings) -> str:
    """Which files use a name: of those that can be read without asking."""
    found = search_files(chosen(around, ".", ""), _word(name), around.cancel, _no_faster)
    if not found.files:
        return f"No file uses the name {name} now."
    shown = ", ".join(f"{visible_name(one.path)} ({one.count})" for one in found.files[:_SHOWN])
    more = f" and {len(found.files) - _SHOWN} more files" if len(found.files) > _SHOWN else ""
    return f"Now rename {name} in {shown}{more} too."


def _no_faster() -> Found | None:
    return None
