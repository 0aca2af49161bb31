"""Which files the page may name: those of a few folders, wherever `..` and links seem to lead.

Hidden files beneath them, and what the program keeps for itself, are as far away as all others: a folder that somebody
starts in may hold keys. What lies outside is refused in the same words whether it is there or not.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from demiurgic_server.problems import Refused

_DEEPEST = 5
_MOST = 500
_SEEN = 50_000
"""Files that are looked at: in a larger folder, some are not offered."""
_TIRESOME = frozenset(("node_modules", "__pycache__", "checkpoints", "tensorboard"))


@dataclass(frozen=True, slots=True)
class Grounds:
    """The folder that the studio works in, others that may be read, and what lies there and may not. All resolved."""

    folder: Path
    others: tuple[Path, ...] = ()
    barred: tuple[Path, ...] = ()

    def inside(self, text: str) -> Path:
        """What a path names, links followed. Relative ones begin in the folder. Raises Refused."""
        if not text.strip() or "\0" in text or text.startswith("~"):
            raise Refused(400, f"{text!r} is no path", f"name a file beneath {self.folder}")
        path = Path(os.path.realpath(self.folder / text))
        if not self.holds(path):
            raise Refused(
                403, f"{text!r} does not lie beneath {self.folder}", "start the studio in the folder above it"
            )
        return path

    def there(self, text: str) -> Path:
        """The same for what must exist. Raises Refused."""
        path = self.inside(text)
        try:
            path.stat()
        except OSError as error:
            raise Refused(404, f"{text!r} cannot be had: {error.strerror}", "choose a file of the list") from error
        return path

    def holds(self, path: Path) -> bool:
        """Whether a resolved path may be named."""
        if any(path.is_relative_to(barred) for barred in self.barred):
            return False
        return any(
            path.is_relative_to(root) and not any(part.startswith(".") for part in path.relative_to(root).parts)
            for root in (self.folder, *self.others)
        )

    def shown(self, path: Path) -> str:
        """A path as the page and commands write it: as short as it can be named, and never like a flag."""
        short = str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)
        return f"./{short}" if short.startswith("-") else short

    def files(self, *endings: str) -> list[Path]:
        """Files of these endings beneath the folder, those that changed last first."""
        found = [path for path in islice(walk(self.folder), _SEEN) if path.name.endswith(endings) and self.holds(path)]
        return sorted(found, key=_changed, reverse=True)[:_MOST]

    def folders(self, *marks: str) -> list[Path]:
        """Folders beneath the folder that hold all of these files."""
        seen = islice(walk(self.folder), _SEEN)
        found = {path.parent for path in seen if path.name == marks[0] and self.holds(path)}
        whole = [folder for folder in found if all((folder / mark).is_file() for mark in marks)]
        return sorted(whole, key=_changed, reverse=True)[:_MOST]


def walk(root: Path) -> Iterator[Path]:
    """All plain files beneath a folder, links not followed, hidden and tiresome folders left out."""
    for place, folders, files in os.walk(root):
        here = Path(place)
        deep = len(here.relative_to(root).parts) >= _DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if _sayable(name) and name not in _TIRESOME)
        yield from (path for name in files if _sayable(name) and not (path := here / name).is_symlink())


def _sayable(name: str) -> bool:
    """Whether a name is no hidden one, and text: others cannot be asked for."""
    return name[0] != "." and not any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in name)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it has gone meanwhile
        return 0.0
