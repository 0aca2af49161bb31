"""Which files of the workspace a call means: those beneath a folder that fit a pattern and may be read."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from demiurgic.errors import ToolFailed
from demiurgic.tools.places import Place, place_to_read
from demiurgic.tools.protocol import Surroundings
from demiurgic.workspace.patterns import PathPattern, path_pattern
from demiurgic.workspace.protocol import Entry

_BRACES = re.compile(r"\{([^{}]*)\}")
_MOST_PATTERNS = 64


@dataclass(frozen=True, slots=True)
class Choice:
    """Files beneath a place."""

    place: Place
    patterns: tuple[PathPattern, ...]
    """No pattern: all files."""
    hidden: tuple[PathPattern, ...]
    may_read: Callable[[str], bool]
    """Of the files that are looked into."""

    def files(self) -> Iterator[Entry]:
        """What git would list, in order. Links are left out: what they lead to is met where it lies."""
        for entry in self.place.files.walk(self.place.path):
            if not entry.is_link and self.means(entry.path):
                yield entry

    def readable(self) -> Iterator[str]:
        """The files that can be looked into without asking; or the one that the place is, which was asked for."""
        entry = self.place.files.stat(self.place.path)
        if entry is not None and not entry.is_folder:
            yield self.place.path
        else:
            yield from (entry.path for entry in self.files() if self.may_read(entry.path))

    def means(self, path: str) -> bool:
        """Whether a file beneath the place is meant, as far as its name says."""
        names = path.split("/")
        below = names[len(self.place.path.split("/")) if self.place.path else 0 :]
        fits = not self.patterns or _fits(self.patterns, names) or _fits(self.patterns, below)
        return fits and not _fits(self.hidden, [name.casefold() for name in names])


def chosen(around: Surroundings, folder: str, glob: str) -> Choice:
    """The files that a call means. Only the workspace is searched through."""
    place = place_to_read(around.workspace, folder)
    if place.files is not around.workspace:
        raise ToolFailed(f"{place.shown} is outside the workspace", "only single files outside can be read")
    hidden = tuple(path_pattern(name.casefold()) for name in around.sandbox.policy.hidden)
    return Choice(place, _patterns(glob), hidden, around.may_read)


def _fits(patterns: Sequence[PathPattern], names: Sequence[str]) -> bool:
    return any(pattern.matches(names) for pattern in patterns)


def _patterns(glob: str) -> tuple[PathPattern, ...]:
    """Alternatives in braces are spelled out."""
    waiting, done = [glob.removeprefix("./")] if glob else [], list[str]()
    while waiting and len(waiting) + len(done) <= _MOST_PATTERNS:
        text = waiting.pop()
        if found := _BRACES.search(text):
            waiting += [text[: found.start()] + one + text[found.end() :] for one in found[1].split(",")]
        else:
            done.append(text)
    return tuple(path_pattern(text) for text in done)
