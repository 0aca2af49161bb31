"""What a search came to, whoever searched."""

from dataclasses import dataclass, field

KEPT_PER_FILE = 50
"""Matches of one file that are kept; the others are counted."""
PATIENCE = 20.0
"""Seconds that a search may take."""
_LINE = 240


@dataclass(frozen=True, slots=True)
class Matches:
    """The lines of one file that match: the first of them, and how many there are."""

    path: str
    lines: tuple[tuple[int, str], ...]
    count: int
    searched_all: bool = True


NOTHING = Matches("", (), 0)


@dataclass(slots=True)
class Found:
    """What a search came to so far."""

    files: list[Matches] = field(default_factory=list[Matches])
    large: list[str] = field(default_factory=list[str])
    """Files of which only the beginning was searched."""
    searched: int = 0
    stopped: str = ""
    """Why not all files were searched, if so."""

    def add(self, matches: Matches) -> None:
        """One more file was searched."""
        self.searched += 1
        if not matches.searched_all:
            self.large.append(matches.path)
        if matches.count:
            self.files.append(matches)


def shown_around(text: str, at: int) -> str:
    """The line of a match, or so much of a long one as shows it."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if end - start <= _LINE:
        return text[start:end].removesuffix("\r")
    first = max(start, at - _LINE // 2)
    last = min(end, first + _LINE)
    return f"{'...' if first > start else ''}{text[first:last]}{'...' if last < end else ''}"
