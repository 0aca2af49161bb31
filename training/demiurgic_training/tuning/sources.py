"""Where a recipe's model is: a folder on this machine, or a name on the hub whose files are fetched from there.

Nothing else is fetched, and no code that came with a checkpoint is run.
"""

import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demiurgic.errors import MissingExtra, UserError, WorkError, first_line
from demiurgic.templates.checkpoint import ADAPTER
from demiurgic_training.checkpoints.chatglm import native_checkpoint, native_description
from demiurgic_training.checkpoints.tensors import WEIGHTS
from demiurgic_training.tuning.checking import SCRATCH

_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_DESCRIPTION = ("*.json", "*.jinja", "tokenizer*", "*.model", "*.txt", "*.tiktoken")


def located(model: str, *, weights: bool = True) -> Path:
    """The folder of a model as it is. From the hub come its weights, too, unless they are not wanted. Raises UserError
    or WorkError."""
    folder = Path(model.removeprefix(SCRATCH)).expanduser()
    if folder.is_dir():
        return _checked(folder, weights=weights and not model.startswith(SCRATCH))
    if folder.suffix == ".gguf":
        raise UserError(f"{folder} is a GGUF file, which cannot be taught", "name the checkpoint that it was made of")
    if model.startswith(SCRATCH) or not _NAME.fullmatch(model):
        raise UserError(f"there is no folder {folder}", "model: a folder with config.json, or a name on the hub")
    return _checked(_fetched_whole(model) if weights else _fetched(model, _DESCRIPTION), weights=weights)


def native(model: str) -> Path:
    """The folder of a model with its weights, in transformers' own layout. Raises UserError or WorkError."""
    return native_checkpoint(located(model, weights=not model.startswith(SCRATCH)))


@contextmanager
def described(model: str) -> Generator[Path]:
    """A folder with all of a model but its weights, in transformers' own layout. Raises UserError or WorkError."""
    with tempfile.TemporaryDirectory(prefix="demiurgic-") as beside:
        yield native_description(located(model, weights=False), Path(beside))


def _checked(folder: Path, *, weights: bool) -> Path:
    if not (folder / "config.json").is_file():
        if (folder / ADAPTER).is_file():
            raise UserError(f"{folder} holds an adapter, not a model", "merge it first, with peft")
        raise UserError(f"{folder} holds no checkpoint: it has no config.json")
    if weights and not any(any(folder.glob(pattern)) for pattern in WEIGHTS):
        raise UserError(f"{folder} holds no weights", f"model={SCRATCH}{folder} would begin with random ones")
    return folder


def _fetched_whole(name: str) -> Path:
    """Asked for again each time: of weights in several files, some may be there and others not."""
    newer, older = WEIGHTS
    folder = _fetched(name, (*_DESCRIPTION, newer))
    return folder if any(folder.glob(newer)) else _fetched(name, (*_DESCRIPTION, older))


def _fetched(name: str, patterns: tuple[str, ...]) -> Path:
    """A folder with all files of these patterns. Files that are there whole are not fetched again, and nobody is asked
    but for where the hub stands now; without a network, what is there whole will do."""
    try:
        import huggingface_hub
        from httpx2 import HTTPError
        from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
    except ImportError as error:
        raise MissingExtra("huggingface_hub, which fetches checkpoints,", "train") from error
    hub: Any = huggingface_hub
    try:
        return Path(hub.snapshot_download(name, allow_patterns=list(patterns)))
    except GatedRepoError as error:
        raise UserError(f"{name} is given only to those who asked for it on its page", "then: hf auth login") from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UserError(f"there is no folder {name}, and no model of this name on the hub") from error
    except (HTTPError, OSError) as error:
        reason = first_line(error).removeprefix("Got: ")
        raise WorkError(
            f"there is no folder {name}, and it cannot be fetched from the hub: {reason}",
            "is the machine online, and has its disk room? start again to go on; a folder will do, too",
        ) from error
