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
        stars = [at for at, part in enumerate(self.parts) if part is None]
        end = self.parts[stars[-1] + 1 :] if stars else self.parts
        rest = len(names) - len(end)
        if not self.parts or rest < 0 or not _all_fit(end, names[rest:]):
            return False
        return _matches(self.parts[: stars[-1] + 1], names[:rest]) if stars else rest == 0


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


def _matches(parts: Sequence[Part], names: Sequence[str]) -> bool:
    """Whether these names fit parts of which the last stands for any number of them."""
    at, seen, star, mark = 0, 0, -1, 0
    while at < len(parts) - 1:
        part = parts[at]
        if part is None:
            star, mark, at = at, seen, at + 1
        elif seen < len(names) and _fits(part, names[seen]):
            at, seen = at + 1, seen + 1
        elif star >= 0 and mark < len(names):
            mark += 1
            at, seen = star + 1, mark
        else:
            return False
    return True


def _all_fit(parts: Sequence[Part], names: Sequence[str]) -> bool:
    return all(part is not None and _fits(part, name) for part, name in zip(parts, names, strict=True))


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
