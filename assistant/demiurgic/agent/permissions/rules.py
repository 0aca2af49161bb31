"""What a user has settled once and for all: rules for a tool and for one scope of it."""

import shlex
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from demiurgic.agent.permissions.names import is_outside
from demiurgic.agent.permissions.words import Part
from demiurgic.tools.protocol import Effect, EffectKind
from demiurgic.workspace.patterns import path_pattern

Decision: TypeAlias = Literal["allow", "ask", "deny"]
_PATHS = (EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE)


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds for one tool, or for all with `*`, and for what exactly one of the scopes says."""

    decision: Decision
    tool: str
    command: tuple[str, ...] = ()
    """Programs whose arguments begin in this way."""
    line: str = ""
    """A command line, letter by letter. Only for a session."""
    path: str = ""
    """A pattern as in .gitignore; one that begins with `/` and leads out of the workspace is that very path."""
    host: str = ""
    """Of a URL."""
    target: str = ""
    """Of a program outside the sandbox."""

    def __str__(self) -> str:
        """In words for the user."""
        scope = shlex.join(self.command) if self.command else self.line or self.path or self.host or self.target
        return f"{self.tool}: {scope}"

    def concerns(self, tool: str, effect: Effect) -> bool:
        """Whether it holds for an effect that is no command."""
        if self.tool not in ("*", tool):
            return False
        if effect.kind in _PATHS:
            return bool(self.path) and self.means(effect.target)
        if effect.kind is EffectKind.FETCH:
            return bool(self.host) and host_of(effect.target) == self.host
        return effect.kind is EffectKind.EXTERNAL and bool(self.target) and effect.target == self.target

    def covers(self, part: Part, *, loosely: bool = False) -> bool:
        """Whether it names a program as it is run: with the same arguments first, and then nothing but plain ones.

        `loosely`: whatever arguments follow, and wherever the program lies.
        """
        words = part.argv[: len(self.command)]
        texts = tuple(word.text for word in words if word.exact)
        if loosely and texts:
            texts = (texts[0].rsplit("/", 1)[-1], *texts[1:])
        more = part.argv[len(self.command) :]
        plain = all(word.known and word.text[:1] not in ("-", "*", "?", "[", "") for word in more)
        return bool(self.command) and texts == self.command and (plain or loosely)

    def means(self, path: str) -> bool:
        """Whether the rule's path is this one, or a folder above it."""
        if is_outside(path):
            return path == self.path
        names = path.split("/")
        pattern = path_pattern(self.path)
        return any(pattern.matches(names[:length]) for length in range(1, len(names) + 1))


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is settled for one folder, by whom."""

    user: tuple[Rule, ...] = ()
    """Kept outside of the folder."""
    project: tuple[Rule, ...] = ()
    """From the folder's own file: never an allowance."""
    session: tuple[Rule, ...] = ()
    """Said in this conversation."""

    def of(self, decision: Decision) -> tuple[Rule, ...]:
        """Those that decide in this way. What a project allows does not count."""
        trusted = (*self.user, *self.session)
        return tuple(
            rule for rule in (*trusted, *(self.project if decision != "allow" else ())) if rule.decision == decision
        )


def host_of(url: str) -> str:
    """The host of a web address that leaves no doubt; empty for any other."""
    if any(letter in url for letter in "\\@") or not url.isprintable() or " " in url:
        return ""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
