"""What a stage left: files, facts and what it cost. A stage is done once its record is there, and not before.

A record names its files by digests, so that what follows depends on what came out, and not on when. It is written
beside its place and moved there, after everything that it names is on the disk.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from demiurgic.errors import WorkError
from demiurgic.messages import Json
from demiurgic_models.files import write_beside

NAME = "done.json"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the work of a stage came to. Folders count as all that lies in them."""

    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    facts: Mapping[str, Json] = field(default_factory=dict[str, Json])
    digest: str = ""
    """Names the content where hashing the files would say too much, or would take too long."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stage took, all starts of it together as far as they came to their end."""

    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of all cores."""
    memory: int = 0
    """Most bytes that one process held."""
    starts: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A stage that is done."""

    stage: str
    key: str
    folder: Path
    files: Mapping[str, Path]
    facts: Mapping[str, Json]
    digest: str
    cost: Cost

    def file(self, name: str) -> Path:
        """One of its files by name."""
        return self.files[name]


def key_of(stage: str, settings: Mapping[str, Json], needs: Mapping[str, Made]) -> str:
    """Names a stage by everything that decides its outcome."""
    told = {"stage": stage, "settings": dict(settings), "needs": {name: made.digest for name, made in needs.items()}}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def load_made(stage: str, key: str, folder: Path) -> Made | None:
    """The record of a stage that is done; None where it is not, or where a file of it is gone. Raises WorkError."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        held = json.loads(path.read_text("utf-8"))
        files = {name: folder / file for name, file in held["files"].items()}
        made = Made(stage, key, folder, files, held["facts"], held["digest"], Cost(**held["cost"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkError(f"{path} is damaged: {error}", f"remove {folder}; the stage is done anew") from error
    return made if all(file.exists() for file in files.values()) else None


def save_made(stage: str, key: str, folder: Path, outcome: Outcome, cost: Cost) -> Made:
    """Write the record of a stage. From here on it is done."""
    digest = outcome.digest or _digest(outcome)
    made = Made(stage, key, folder, dict(outcome.files), dict(outcome.facts), digest, cost)
    held = {
        "stage": stage,
        "key": key,
        "files": {name: _told(file, folder) for name, file in made.files.items()},
        "facts": made.facts,
        "digest": digest,
        "cost": asdict(cost),
    }
    write_beside(folder / NAME, json.dumps(held, indent=2, ensure_ascii=False) + "\n")
    return made


def digest_of(path: Path) -> str:
    """Names what a file holds, or all files of a folder."""
    total = hashlib.sha256()
    for name, file in _files(path):
        content = hashlib.sha256()
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                content.update(block)
        total.update(f"{name}\0{content.hexdigest()}\n".encode())
    return total.hexdigest()


def _digest(outcome: Outcome) -> str:
    told = {name: digest_of(file) for name, file in sorted(outcome.files.items())}
    return hashlib.sha256(json.dumps([told, outcome.facts if not told else None], sort_keys=True).encode()).hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield "", path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file():
            yield file.relative_to(path).as_posix(), file


def _told(file: Path, folder: Path) -> str:
    """Within the stage's folder by its name there, so that the whole loop may be moved; elsewhere by its place."""
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file.resolve())
