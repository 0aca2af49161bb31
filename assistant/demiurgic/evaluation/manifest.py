"""Everything that decides what a run comes to, beside its results. A folder belongs to one manifest for good."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.evaluation.problems import Problem
from demiurgic.messages import Json
from demiurgic_models.files import write_beside
from demiurgic_models.reading import read_small

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_NAME = "manifest.json"
SCORER = 2
"""Counts up when the same samples could get other verdicts."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was asked of which model, and how."""

    model: str
    weights: str
    """SHA-256 of the model's file; empty for one that is not on this machine."""
    prompt: str
    prompt_digest: str
    problems_file: str
    """Empty for HumanEval's own."""
    problems: int
    problems_digest: str
    samples: int
    seed: int
    temperature: float
    top_p: float
    max_tokens: int
    context: int | None
    """Tokens that each of them might take, prompt and answer together."""
    parallel: int
    """Requests that were decoded together: logits depend on it, if little."""
    engine: str = ""
    machine: str = field(default_factory=platform.machine)
    scorer: int = SCORER
    version: int = 2


def settle(folder: Path, manifest: "DataclassInstance") -> None:
    """Write a manifest into a run's folder, or make sure that the one there is the same. Raises UserError."""
    path = folder / _NAME
    if not path.exists():
        write_beside(path, json.dumps(asdict(manifest), indent=2) + "\n")
        return
    there = read_manifest(folder)
    ours: dict[str, Json] = asdict(manifest)
    differing = [name for name in {**ours, **there} if name not in ours or there.get(name) != ours[name]]
    if differing:
        listed = ", ".join(f"{name} {there.get(name)!r} instead of {ours.get(name)!r}" for name in differing[:3])
        raise UserError(f"{folder} holds another run: {listed}", "name another folder with --out")


def read_manifest(folder: Path) -> dict[str, Json]:
    """What a run's folder says of itself. Raises BadEvaluationFile."""
    path = folder / _NAME
    try:
        there: Json = json.loads(read_small(path))
    except (OSError, ValueError) as error:
        raise BadEvaluationFile(
            f"{path} cannot be read: {error}", "is this the folder of a run? name another with --out"
        ) from error
    if not isinstance(there, dict):
        raise BadEvaluationFile(f"{path} is no manifest")
    return there  # pyright: ignore[reportUnknownVariableType] - JSON has no keys but text


def load_manifest(folder: Path) -> Manifest:
    """The manifest of a run of this version. Raises BadEvaluationFile."""
    there = read_manifest(folder)
    try:
        return Manifest(**there)
    except TypeError as error:
        raise BadEvaluationFile(f"{folder / _NAME} is not of this version: {error}") from error


def digest_of(problems: Mapping[str, Problem]) -> str:
    """Names every problem, word for word."""
    return hashlib.sha256(json.dumps([asdict(each) for each in problems.values()]).encode()).hexdigest()
