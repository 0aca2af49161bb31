"""What a site's robots.txt allows, as RFC 9309 reads it: the rule that says most decides, and of two that say as much
the one that allows. `Crawl-delay`, which that standard leaves out, is kept to as well.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from demiurgic_training.web.addresses import percent_coded

LARGEST = 500 * 1024
"""Bytes that are read of one; the standard asks for no more."""
_NAME = re.compile(r"[a-z_-]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """Pages that may be read, or may not: `*` stands for anything, `$` for the end."""

    pattern: str
    allows: bool

    def meets(self, target: str) -> bool:
        """Whether it speaks of this path and query. Takes time in proportion to them, whatever the pattern."""
        first, *others = self.pattern.removesuffix("$").split("*")
        if not target.startswith(first):
            return False
        at = len(first)
        for piece in others:
            at = target.find(piece, at) + len(piece)
            if at < len(piece):
                return False
        last = others[-1] if others else first
        return not self.pattern.endswith("$") or (target.endswith(last) if others else target == first)


@dataclass(frozen=True, slots=True)
class Robots:
    """What one program may do on a site. Without rules it may read everything."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0
    """Seconds between two requests."""

    def allows(self, target: str) -> bool:
        """Whether a page may be read, by its path and query."""
        met = [(len(rule.pattern), rule.allows) for rule in self.rules if rule.meets(percent_coded(target))]
        return max(met, default=(0, True))[1]


@dataclass(slots=True)
class _Group:
    agents: list[str] = field(default_factory=list[str])
    lines: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def read_robots(text: str, agent: str) -> Robots:
    """The rules for a program of this name, or those for all where it has none. What cannot be read says nothing."""
    groups = list(_groups(text))
    for wanted in (agent.lower(), "*"):
        if met := [group for group in groups if wanted in group.agents]:
            lines = [line for group in met for line in group.lines]
            rules = (Rule(percent_coded(path), key == "allow") for key, path in lines if key != "crawl-delay" and path)
            return Robots(tuple(rules), _delay(value for key, value in lines if key == "crawl-delay"))
    return Robots()


def _groups(text: str) -> Iterator[_Group]:
    group = _Group()
    for key, value in _lines(text):
        if key == "user-agent":
            if group.lines:
                yield group
                group = _Group()
            name = _NAME.match(value.lower())
            group.agents.append(name[0] if name else value)
        elif group.agents:
            group.lines.append((key, value))
    yield group


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon and key.strip().lower() in ("user-agent", "allow", "disallow", "crawl-delay"):
            yield key.strip().lower(), value.strip()


def _delay(values: Iterable[str]) -> float:
    delays = [float(value) for value in values if re.fullmatch(r"\d+(\.\d+)?", value)]
    return max((delay for delay in delays if math.isfinite(delay)), default=0.0)
