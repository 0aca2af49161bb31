"""A Hugging Face checkpoint as templates want it: its tokenizer, the template that its model was taught, the tokens
that end its turns, and the base of an adapter.

Evaluation, training and export read checkpoints through these, so that what is learned, what is asked and what a file
says are the same. Tokenizer and config are loaded elsewhere: nothing here imports transformers, and nothing is fetched.
"""

import json
from pathlib import Path
from typing import Any, cast

from demiurgic.errors import UserError
from demiurgic.templates.detect import ModelTraits, detect
from demiurgic.templates.protocol import Template, Vocabulary

ADAPTER = "adapter_config.json"


class CheckpointTokenizer:
    """A checkpoint's tokenizer. `beginning` opens every text, where the model wants that."""

    def __init__(self, native: Any) -> None:  # noqa: ANN401 - transformers has no types to speak of
        self.native = native
        tokens: dict[int, Any] = native.added_tokens_decoder
        self.markers = {str(token): number for number, token in tokens.items() if token.special or len(str(token)) > 1}
        begun: list[int] = native("")["input_ids"]
        self.beginning: int | None = native.bos_token_id if native.bos_token_id in begun[:1] else None

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Tokens of the text; with `markers`, names of special tokens become those tokens."""
        return self.native(text, add_special_tokens=False, split_special_tokens=not markers)["input_ids"]

    def template(self, config: Any, name: str, folder: Path) -> Template:  # noqa: ANN401 - as above
        """The template of the model of this config and name, which lies in this folder."""
        texts = tuple(str(token) for token in self.native.convert_ids_to_tokens(self.ends(config, folder)))
        own, eos = self.native.chat_template, self.native.eos_token or ""
        return detect(ModelTraits(own, config.model_type, name, Vocabulary(self.markers), texts, eos))

    def ends(self, config: Any, folder: Path) -> list[int]:  # noqa: ANN401 - as above
        """The tokens that end a turn: those that generation_config.json names, or else the config; and behind them
        the tokenizer's own, with which every engine stops. Raises UserError."""
        stated: int | list[int] | None = _generation(folder).get("eos_token_id")
        if stated is None:
            stated = config.eos_token_id
        listed = [] if stated is None else [stated] if isinstance(stated, int) else stated
        own: int | None = self.native.eos_token_id
        return list(dict.fromkeys([*listed, *([] if own is None else [own])]))


def base_of(adapter: Path) -> Path:
    """The checkpoint that an adapter was taught on: a folder, or what the hub's client keeps. Raises UserError where it
    is not on this machine."""
    named = str(read_adapter(adapter).get("base_model_name_or_path") or "")
    if not named:
        raise UserError(f"{adapter / ADAPTER} names no base model")
    if Path(named).is_dir():
        return Path(named)
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    hub: Any = huggingface_hub
    try:
        return Path(hub.snapshot_download(named, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise UserError(f"{named}, on which {adapter} was taught, is not on this machine") from error


def read_adapter(adapter: Path) -> dict[str, Any]:
    """The config of an adapter. Raises UserError."""
    return _held(adapter / ADAPTER)


def _generation(folder: Path) -> dict[str, Any]:
    file = folder / "generation_config.json"
    return _held(file) if file.is_file() else {}


def _held(file: Path) -> dict[str, Any]:
    again = "copy it anew from where the checkpoint is from"
    try:
        held: Any = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read: {error}", again) from error
    if not isinstance(held, dict):
        raise UserError(f"{file} holds no object of JSON", again)
    return cast("dict[str, Any]", held)
