"""Commands of the user's own that run before and after a tool: outside the sandbox, with the user's rights.

They come from the user's own configuration and from nowhere else, and are not started in the project: a program or a
module of the same name that lies there would be run in the place of the user's. A hook reads one JSON object from its
input. One that runs before a tool and exits with 2 stops the call; what it wrote to its error stream is told to the
model.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from demiurgic.errors import ToolFailed
from demiurgic.messages import ToolCall

_SECONDS = 60
_REFUSES = 2
_MOST = 2000
"""Characters of what a hook says that the model is told."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One command, and the tools that it is for; all of them where none is named."""

    when: Literal["before", "after"]
    command: tuple[str, ...]
    tools: tuple[str, ...] = ()

    def concerns(self, tool: str) -> bool:
        """Whether it runs for this tool."""
        return not self.tools or tool in self.tools


@dataclass(frozen=True, slots=True)
class Hooks:
    """All hooks of a session."""

    hooks: Sequence[Hook]
    folder: Path
    """Where they are started."""
    environment: Mapping[str, str]

    def before(self, call: ToolCall) -> None:
        """Raises ToolFailed if a hook says no."""
        for hook in self._of("before", call.name):
            done = self._run(hook, {"event": "before", "tool": call.name, "arguments": call.arguments})
            if done.returncode == _REFUSES:
                raise ToolFailed(f"a hook of the user's stopped this call: {done.stderr.strip()[:_MOST]}")

    def after(self, call: ToolCall, result: str, *, failed: bool) -> str:
        """What the hooks have to say about a result; usually nothing.

        The call was carried out: a hook that breaks takes nothing back, and is told beside the result."""
        told = {"event": "after", "tool": call.name, "arguments": call.arguments, "result": result, "failed": failed}
        notes = [self._note(hook, told) for hook in self._of("after", call.name)]
        return "\n".join(note for note in notes if note)

    def _of(self, when: str, tool: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.when == when and hook.concerns(tool)]

    def _note(self, hook: Hook, told: Mapping[str, object]) -> str:
        try:
            return self._run(hook, told).stdout.strip()[:_MOST]
        except ToolFailed as error:
            return error.message

    def _run(self, hook: Hook, told: Mapping[str, object]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                hook.command,
                input=json.dumps(told),
                cwd=self.folder,
                env=dict(self.environment),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolFailed(f"the hook {hook.command[0]} could not be run: {error}") from error
