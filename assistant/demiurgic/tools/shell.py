"""The tool that runs a command in the sandbox."""

import re
from dataclasses import dataclass

from demiurgic.errors import SandboxError, ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.sandbox.printed import settled
from demiurgic.sandbox.protocol import Command, Limits, Result, Status
from demiurgic.tools.denials import forbidden
from demiurgic.tools.protocol import CommandView, Effect, EffectKind, Outcome, Surroundings
from demiurgic.tools.room import folded, shortened
from demiurgic.tools.schema import TEXT, WHOLE, arguments
from demiurgic.tools.textfile import lines_of

SPEC = Tool(
    "shell",
    "Run a bash command in the project folder, for some seconds at most.",
    arguments({"command": TEXT}, {"seconds": WHOLE}),
)
_LEAST_SECONDS = 5
"""Small models ask for one second, and a busy machine needs that long to begin."""
_MOST_SECONDS = 600
_NO_OUTPUT = "[no output]"
_TESTS_AS_PROGRAM = re.compile(r"\bpython3? ((?:[\w.-]+/)*test_\w+\.py)$")
"""Small models run a file of tests as if it were a program, and take its silence for success."""
_NO_TESTS = re.compile(r"^Ran 0 tests in ", re.MULTILINE)
"""What unittest says where tests are plain functions, and calls it a success."""
BASH = "/bin/bash"
"""By its place: the first `bash` on the path may be the project's."""
_ONE_STREAM = f'exec -a bash {BASH} -c "$1" 2>&1'
"""Output and errors in the order in which they were written."""


@dataclass(frozen=True, slots=True)
class ShellPlan:
    """A command, and how long it may take."""

    command: str
    limits: Limits

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.RUN, self.command),)

    @property
    def view(self) -> CommandView:
        return CommandView(self.command)

    def run(self, around: Surroundings) -> Outcome:
        command = Command((BASH, "-c", _ONE_STREAM, "bash", self.command), limits=self.limits)
        try:
            result = around.sandbox.run(command, around.on_output, around.cancel)
        except SandboxError as error:
            raise ToolFailed(error.message, error.hint) from error
        said = _said(result, self.limits, around)
        if _NO_TESTS.search(said):
            said += "\n[this ran no test. To run tests that are plain functions: python -m pytest]"
        elif said == _NO_OUTPUT and (tests := _TESTS_AS_PROGRAM.search(self.command)):
            said += f"\n[this ran no test. To run them: python -m pytest {tests[1]}]"
        return Outcome(said, failed=result.status is not Status.OK)


class ShellTool:
    """Runs a command."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> ShellPlan:
        command = arguments["command"]
        if not command.strip():
            raise ToolFailed("`command` is empty")
        if "\0" in command:
            raise ToolFailed("a command cannot hold a NUL character")
        wall = float(min(max(arguments.get("seconds") or Limits().wall, _LEAST_SECONDS), _MOST_SECONDS))
        return ShellPlan(command, Limits(wall=wall, cpu=wall + 1))


def _said(result: Result, limits: Limits, around: Surroundings) -> str:
    """What a run wrote, as much as fits, and how it ended."""
    text = settled(result.stdout.text() + result.stderr.text())
    lines = [shortened(line) for line in lines_of(text)] if text else []
    shown = folded(lines, around.budget, "to see them, filter the output or write it to a file")
    return "\n".join((*shown, *_ending(result, limits))) or _NO_OUTPUT


def _ending(result: Result, limits: Limits) -> list[str]:
    if result.status is Status.OK:
        return []
    ways = {
        Status.TIMEOUT: f"stopped after {limits.wall:.0f} seconds; `seconds` allows up to {_MOST_SECONDS}",
        Status.CPU_LIMIT: f"stopped after {limits.cpu:.0f} seconds of computing",
        Status.MEMORY_LIMIT: f"stopped: it used more than {limits.memory >> 20} MB of memory",
        Status.OUTPUT_LIMIT: f"stopped: it wrote more than {limits.output_total >> 20} MB of output",
        Status.DISK_LIMIT: f"stopped: it wrote more than {limits.disk >> 20} MB or {limits.files} files",
        Status.CANCELLED: "stopped by the user",
    }
    if result.status in ways:
        return [f"[{ways[result.status]}]"]
    ended = f"signal {result.signal}" if result.exit_code is None else f"exit code {result.exit_code}"
    why = forbidden(result)
    return [f"[{ended}; {why}]" if why else f"[{ended}]"]
