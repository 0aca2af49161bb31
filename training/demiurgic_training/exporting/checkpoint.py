"""A whole checkpoint on disk: its config, its tokenizer, how its turns end, and its tensors one by one.

Nothing is fetched, and no code that came with it is run.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.protocol import Template
from demiurgic_training.checkpoints.tensors import StoredTensor, stored_tensors

_LATER = ("eom", "observation")
"""In names of tokens that end a turn because something is to be done, not because all is said."""


class Checkpoint:
    """A folder with a model of transformers' own. Some families are known only by what the model was `called` where
    it came from, which folders of runs do not tell."""

    def __init__(self, folder: Path, called: str = "") -> None:
        import transformers

        automatic: Any = transformers
        self.folder, self.called = folder, called or folder.resolve().name
        try:
            self.config: Any = automatic.AutoConfig.from_pretrained(folder, local_files_only=True)
            self.tokenizer = CheckpointTokenizer(automatic.AutoTokenizer.from_pretrained(folder, local_files_only=True))
        except (OSError, ValueError, KeyError, ImportError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(" :")
            raise UserError(
                f"{folder} is no checkpoint that can be read: {reason}",
                "it needs config.json, the files of its tokenizer and *.safetensors",
            ) from error

    @property
    def chat_template(self) -> str | None:
        """How a conversation is written, in Jinja."""
        held: Any = self.tokenizer.native.chat_template
        return held["default"] if hasattr(held, "keys") else held

    @cached_property
    def template(self) -> Template:
        """The same as the runtime has it."""
        return self.tokenizer.template(self.config.model_type, self.called, self._stated_ends)

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """All tokens that end a turn: those the checkpoint states and those of its template's family. The one that
        ends texts comes first, those that wait for a tool last."""
        stops = (self.tokenizer.markers.get(stop) for stop in self.template.stops)
        found = list(dict.fromkeys([*self._stated_ends, *(token for token in stops if token is not None)]))
        last: Any = self.tokenizer.native.eos_token_id
        return tuple(sorted(found, key=lambda token: (token != last, self._waits(token))))

    def tensors(self) -> Iterator[StoredTensor]:
        """What its files hold."""
        files = sorted(self.folder.glob("*.safetensors"))
        if not files:
            raise UserError(f"{self.folder} holds no *.safetensors", "name the folder that holds the weights, too")
        for file in files:
            yield from stored_tensors(file)

    @cached_property
    def parameters(self) -> int:
        """Numbers in all its tensors."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors())

    @cached_property
    def _stated_ends(self) -> list[int]:
        import transformers

        automatic: Any = transformers
        stated: Any = self.config.eos_token_id
        if (self.folder / "generation_config.json").is_file():
            stated = automatic.GenerationConfig.from_pretrained(self.folder, local_files_only=True).eos_token_id
        listed = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
        own: Any = self.tokenizer.native.eos_token_id
        return list(dict.fromkeys([*listed, *([] if own is None else [own])]))

    def _waits(self, token: int) -> bool:
        name = str(self.tokenizer.native.convert_ids_to_tokens(token))
        return any(word in name for word in _LATER)
