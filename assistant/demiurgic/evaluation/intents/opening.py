"""From what a user calls a model to a classifier: a checkpoint's folder, or anything that can be talked to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from demiurgic.chat.local import LocalChat
from demiurgic.compose import open_chat
from demiurgic.config import Settings
from demiurgic.errors import UnknownModel
from demiurgic.evaluation.intents.checkpoint_model import is_checkpoint
from demiurgic.evaluation.intents.checkpoints import CheckpointIntents
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.local import LocalIntents
from demiurgic.evaluation.intents.predictions import Classifier
from demiurgic.evaluation.intents.remote import RemoteIntents


@dataclass(frozen=True, slots=True)
class Means:
    """How a model is put to work: rows at a time, and the share of probability that a search may leave unread."""

    batch: int = 16
    tolerance: float = 0.01


def open_classifier(settings: Settings, model: str, labels: Labels, means: Means) -> Classifier:
    """The model, ready to classify."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not is_checkpoint(folder):
            raise UnknownModel(f"{folder} holds neither config.json nor adapter_config.json", f"{folder}/checkpoint-*")
        return CheckpointIntents(folder, labels, means.batch)
    chat = open_chat(replace(settings, parallel=means.batch), model)
    if isinstance(chat, LocalChat):
        return LocalIntents(chat, labels, means.batch, means.tolerance)
    return RemoteIntents(chat, labels, means.batch)


def named(patterns: Sequence[str]) -> list[str]:
    """All models meant: a pattern such as `checkpoint-*` stands for the folders that it fits, in order of number."""
    models: list[str] = []
    for pattern in patterns:
        path = Path(pattern).expanduser()
        if "*" not in path.name or "://" in pattern:
            models.append(pattern)
            continue
        folders = [folder for folder in path.parent.glob(path.name) if is_checkpoint(folder)]
        if not folders:
            raise UnknownModel(f"no checkpoint fits {pattern}")
        models += map(str, sorted(folders, key=_number))
    return models


def _number(folder: Path) -> tuple[int, str]:
    digits = folder.name.rpartition("-")[2]
    return (int(digits) if digits.isdecimal() else 0, folder.name)
