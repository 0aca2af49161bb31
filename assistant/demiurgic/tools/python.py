"""The tool that runs Python in the session's kernel, where names stay known from call to call."""

import shlex
from dataclasses import dataclass

from demiurgic.errors import SandboxError, ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.sandbox.printed import settled
from demiurgic.sandbox.protocol import CellResult, CellStatus
from demiurgic.tools.protocol import Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.room import folded, shortened
from demiurgic.tools.schema import TEXT, arguments
from demiurgic.tools.textfile import lines_of

SPEC = Tool("python", "Run Python. Variables are kept between calls.", arguments({"code": TEXT}))
_WALL = 60.0


@dataclass(frozen=True, slots=True)
class PythonPlan:
    """A piece of Python."""

    code: str

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.RUN, f"python3 -c {shlex.quote(self.code)}"),)

    @property
    def view(self) -> TextView:
        return TextView("python", self.code, "python")

    def run(self, around: Surroundings) -> Outcome:
        try:
            result = around.kernel().cell(self.code, _WALL, around.cancel)
        except SandboxError as error:
            raise ToolFailed(error.message, error.hint) from error
        return Outcome(_said(result, around), failed=result.status is not CellStatus.OK)


class PythonTool:
    """Runs Python."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> PythonPlan:
        if not arguments["code"].strip():
            raise ToolFailed("`code` is empty")
        return PythonPlan(arguments["code"])


def _said(result: CellResult, around: Surroundings) -> str:
    parts = (settled(result.stdout.text()), settled(result.stderr.text()), result.value, result.error)
    lines = [shortened(line) for part in parts if part for line in lines_of(part)]
    shown = folded(lines, around.budget, "print less to see them")
    ended = {
        CellStatus.INTERRUPTED: [f"[interrupted after {result.wall:.0f} seconds; variables are kept]"],
        CellStatus.DIED: ["[the interpreter ended; all variables are gone, the next call starts a new one]"],
    }.get(result.status, [])
    return "\n".join((*shown, *ended)) or "[no output]"
