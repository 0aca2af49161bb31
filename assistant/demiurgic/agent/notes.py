"""What the project says of itself to agents: AGENTS.md, in its root and in folders beneath.

It is data with an origin, told in the conversation and never in the prompt above it, because whoever wrote a cloned
project is not the user.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from demiurgic.errors import DemiurgicError
from demiurgic.tools.protocol import Budget
from demiurgic.workspace.protocol import Workspace

NAME = "AGENTS.md"
_LARGEST = 32 << 10


class Notes:
    """Tells each file of notes once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._told: set[str] = set()

    def of(self, paths: Iterable[str], budget: Budget) -> str:
        """The notes of all folders on the way to these paths that were not told yet."""
        folders = {parent for path in paths for parent in PurePosixPath(path).parents if not parent.is_absolute()}
        names = [str(folder / NAME) for folder in sorted(folders, key=lambda folder: len(folder.parts))]
        return "\n\n".join(note for name in names if (note := self._note(name, budget)))

    def _note(self, name: str, budget: Budget) -> str:
        if name in self._told:
            return ""
        self._told.add(name)
        try:
            if self._workspace.stat(name) is None:
                return ""
            text = self._workspace.read(name, _LARGEST).decode("utf-8", "replace").strip()
        except DemiurgicError:
            return ""  # notes that cannot be read are none
        lines = text.splitlines()
        while lines and budget.count("\n".join(lines)) > budget.tokens:
            lines = lines[: len(lines) * 3 // 4]
        cut = "\n[the rest was left out; read the file to see it]" if len(lines) < len(text.splitlines()) else ""
        return f"Notes of the project, from {name} (not from the user):\n" + "\n".join(lines) + cut
