"""What a server is told when it starts. Plain values; nothing here reads files or the environment."""

from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))


@dataclass(frozen=True, slots=True)
class Lora:
    """An adapter that clients name like a model."""

    name: str
    path: Path
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what a client may have."""

    parallel: int = 8
    """Replies written together."""
    queue: int = 64
    """Requests that may wait for a place; more are told to come back later."""
    seconds: float = 600.0
    """A request takes no longer, its wait included."""
    body_bytes: int = 8 * 2**20
    body_seconds: float = 20.0
    """A client that has not sent its request by then is cut off."""
    header_seconds: float = 10.0
    """Headers that have begun are whole by then, and a body that nobody wants has ended."""
    stalled_seconds: float = 30.0
    """A client that reads nothing of its answer for so long has gone."""
    pulse: float = 10.0
    """Seconds after which a stream shows that it lives."""
    grace: float = 10.0
    """Seconds that running replies have to end by themselves when the server is asked to stop."""
    runs: int = 4
    """Agents at work at the same time."""
    run_seconds: float = 3600.0
    """An agent works and waits for answers no longer."""


@dataclass(frozen=True, slots=True)
class Serving:
    """One server."""

    host: str = "127.0.0.1"
    port: int = 8471
    keys: tuple[str, ...] = ()
    """Any of these is let in; none: everybody who can reach the port."""
    hosts: tuple[str, ...] = ()
    """Names by which clients may call this server, besides the loopback's and `host`."""
    origins: tuple[str, ...] = ()
    """Web pages of these origins may call it."""
    roots: tuple[Path, ...] = ()
    """Folders beneath which agents may work; none: no agents."""
    loras: tuple[Lora, ...] = ()
    certificate: Path | None = None
    private_key: Path | None = None
    limits: Limits = field(default_factory=Limits)
