"""What an engine's process is told, and what it tells."""

from dataclasses import dataclass
from typing import Any

from demiurgic.engine.protocol import EngineEvent, Request
from demiurgic.errors import DemiurgicError

CALLABLE = frozenset(("tokenize", "detokenize", "embed", "save", "load", "stats"))
"""Methods of an engine that return once."""


@dataclass(frozen=True, slots=True)
class Call:
    """Call a method of the engine."""

    id: int
    method: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Start a generation."""

    id: int
    request: Request


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a generation."""

    id: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call returned or raised, or that a generation started."""

    id: int
    value: Any = None
    error: DemiurgicError | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """Events of a generation; an error ends it."""

    id: int
    event: EngineEvent | DemiurgicError
