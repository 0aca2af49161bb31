"""What the project says of itself to agents: AGENTS.md, in its root and in folders beneath.

It is data with an origin, told in the conversation and never in the prompt above it, because whoever wrote a cloned
project is not the user.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from demiurgic.errors import DemiurgicError
from demiurgic.messages import Message
from demiurgic.tools.protocol import Budget
from demiurgic.workspace.protocol import Workspace

NAME = "AGENTS.md"
_LARGEST = 32 << 10


class Notes:
    """Tells each file of notes once, and again where a conversation was shortened or taken back."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def of(self, paths: Iterable[str], conversation: Sequence[Message], budget: Budget) -> str:
        """The notes of all folders on the way to these paths that the conversation does not hold."""
        folders = {parent for path in paths for parent in PurePosixPath(path).parents if not parent.is_absolute()}
        names = [str(folder / NAME) for folder in sorted(folders, key=lambda folder: len(folder.parts))]
        told = [message.text for message in conversation if message.role in ("user", "tool")]
        fresh = [name for name in names if not any(_head(name) in text for text in told)]
        return "\n\n".join(note for name in fresh if (note := self._note(name, budget)))

    def _note(self, name: str, budget: Budget) -> str:
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
        return f"{_head(name)}\n" + "\n".join(lines) + cut


def _head(name: str) -> str:
    return f"Notes of the project, from {name} (not from the user):"
