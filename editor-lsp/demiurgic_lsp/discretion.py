"""Which documents a model may be shown: no secrets, nothing that the user's `.gitignore` leaves out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from demiurgic.agent.permissions.names import is_secret
from demiurgic.workspace.ignoring import Ignored

_LARGEST = 2_000_000
"""Characters of a document beyond which nothing is offered: such are no programs that people write."""
_LARGEST_RULES = 1_000_000
_FRESH = 5.0
"""Seconds for which a judgement holds; a key must not read files each time."""
_MOST = 512


@dataclass(slots=True)
class Discretion:
    """Judges by a document's name and text. `roots` are the folders that are open now."""

    roots: Callable[[], Sequence[Path]]
    _known: dict[str, tuple[float, bool]] = field(default_factory=dict[str, tuple[float, bool]])

    def allows(self, path: str, text: str) -> bool:
        """Whether the document may be part of a prompt."""
        return len(text) <= _LARGEST and "\0" not in text and not is_secret(path) and not self._ignored(path)

    def _ignored(self, path: str) -> bool:
        now = time.monotonic()
        known = self._known.get(path)
        if known is None or now - known[0] > _FRESH:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[path] = now, self._reads_as_ignored(path)
        return known[1]

    def _reads_as_ignored(self, path: str) -> bool:
        holding = [root for root in self.roots() if PurePosixPath(path).is_relative_to(root.as_posix())]
        if not holding:
            return False
        root = min(holding, key=lambda one: len(one.parts))
        names = PurePosixPath(path).relative_to(root.as_posix()).parts
        rules = Ignored().within(0, _rules(root))
        for depth in range(1, len(names) + 1):
            if rules.excludes(names[:depth], is_folder=depth < len(names)):
                return True
            rules = rules.within(depth, _rules(root.joinpath(*names[:depth]))) if depth < len(names) else rules
        return False


def _rules(folder: Path) -> str:
    """The text of a folder's rules; none where they cannot be read, as git has it."""
    path = folder / ".gitignore"
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_RULES:
            return ""
        return path.read_text(errors="replace")
    except OSError:
        return ""
