"""Patterns for paths, as `.gitignore` writes them: `*`, `?` and `[a-z]` within a name, `**` for any folders.

Every match takes time in proportion to pattern times path, so that no file of a stranger can make it hang.
"""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Part: TypeAlias = str | re.Pattern[str] | None
"""A name, a pattern for one name, or None for any number of folders."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """One pattern, read. `parts` is empty for one that matches nothing."""

    parts: tuple[Part, ...]

    def matches(self, names: Sequence[str]) -> bool:
        """Whether the path that these names make is meant."""
        at, seen, star, mark = 0, 0, -1, 0
        while seen < len(names):
            part = self.parts[at] if at < len(self.parts) else ""
            if part is None:
                star, mark, at = at, seen, at + 1
            elif part and _fits(part, names[seen]):
                at, seen = at + 1, seen + 1
            elif star >= 0:
                mark += 1
                at, seen = star + 1, mark
            else:
                return False
        return bool(self.parts) and all(part is None for part in self.parts[at:])


def path_pattern(text: str) -> PathPattern:
    """Read a pattern. One without a slash within matches a name at any depth."""
    anchored = "/" in text.rstrip("/")
    names = [name for name in text.split("/") if name]
    parts: list[Part] = [] if anchored else [None]
    for name in names:
        if name != "**" or not anchored:
            parts.append(_part(name))
        elif not parts or parts[-1] is not None:
            parts.append(None)
    if names and parts[-1] is None:
        parts.append(_part("*"))  # what stands at the end as `**` means everything within, not the folder itself
    return PathPattern(tuple(parts) if names else ())


def _fits(part: str | re.Pattern[str], name: str) -> bool:
    return part == name if isinstance(part, str) else part.match(name) is not None


def _part(text: str) -> Part:
    """One name of a pattern. A backslash takes the meaning from what follows it."""
    glob, plain, wild = "", "", False
    for escaped, char in re.findall(r"(\\?)(.)", text, re.DOTALL):
        special = char in "*?["
        wild |= special and not escaped
        glob += f"[{char}]" if special and escaped else char
        plain += char
    if not wild:
        return plain
    return re.compile(fnmatch.translate(glob.replace("[^", "[!")))
