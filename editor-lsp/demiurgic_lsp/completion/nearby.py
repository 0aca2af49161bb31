"""Other open files, of which a model is shown a part.

What the model is shown stands at the very beginning of its prompt, so a change there costs reading everything anew.
Therefore it changes only while nobody types, and only once the model has read it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import islice

from demiurgic.templates.filling import Nearby

_MOST_FILES = 32
_SHOWN = 3
"""Files that are shown at once."""
_LINES = 24
"""Lines of a file that are shown, around the place that was looked at last."""
_LETTERS = 1000
_ALIKE = 0.5
"""Share of lines in common beyond which a part would only be repeated by the model."""


@dataclass(slots=True)
class Neighbourhood:
    """The files that were open, the latest last, and what of them the model is shown now."""

    shown: tuple[Nearby, ...] = ()
    _seen: "OrderedDict[str, tuple[str, int]]" = field(default_factory=lambda: OrderedDict[str, tuple[str, int]]())

    def saw(self, path: str, text: str, line: int) -> None:
        """Somebody looked at this line of a file, or changed it. The part is cut out only once it is wanted: keys come
        faster than that."""
        self._seen[path] = (text, line)
        self._seen.move_to_end(path)
        while len(self._seen) > _MOST_FILES:
            self._seen.popitem(last=False)

    def forget(self, path: str) -> None:
        """A file was closed: it is shown until others take its place, and not taken up again."""
        self._seen.pop(path, None)

    def wanted(self, path: str, around: str) -> tuple[Nearby, ...]:
        """What should be shown to who works on a file: the latest parts. What is shown already keeps its place and its
        words."""
        others = (_part(other, *place) for other, place in reversed(self._seen.items()) if other != path)
        fitting = (part for part in others if part.text and not _alike(part.text, around))
        latest = list(islice(fitting, _SHOWN))
        names = {part.path for part in latest}
        staying = [part for part in self.shown if part.path in names]
        known = {part.path for part in staying}
        return (*staying, *(part for part in latest if part.path not in known))


def _part(path: str, text: str, line: int) -> Nearby:
    lines = text.splitlines()[max(0, line - _LINES // 2) :][:_LINES]
    part = "\n".join(lines)[:_LETTERS].strip("\n")
    return Nearby(path, part if part.strip() else "")


def _alike(one: str, other: str) -> bool:
    here, there = _lines(one), _lines(other)
    return bool(here) and len(here & there) > _ALIKE * len(here)


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.split("\n") if len(line.strip()) > 2}
