"""A whole checkpoint on disk: its config, its tokenizer, how its turns end, and its tensors one by one.

Nothing is fetched, and no code that came with it is run.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError, first_line
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.protocol import Template
from demiurgic_training.checkpoints.tensors import WEIGHTS, StoredTensor, stored_tensors

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
            raise UserError(
                f"{folder} is no checkpoint that can be read: {first_line(error).rstrip(' :')}",
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
        return self.tokenizer.template(self.config, self.called, self.folder)

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """All tokens that end a turn: those the checkpoint states and those of its template's family. The one that
        ends texts comes first, those that wait for a tool last."""
        stops = (self.tokenizer.markers.get(stop) for stop in self.template.stops)
        found = list(
            dict.fromkeys(
                [*self.tokenizer.ends(self.config, self.folder), *(token for token in stops if token is not None)]
            )
        )
        last: Any = self.tokenizer.native.eos_token_id
        return tuple(sorted(found, key=lambda token: (token != last, self._waits(token))))

    @property
    def first(self) -> int | None:
        """The token that stands for the beginning of a text, whether or not it is written there. Who reads a file that
        names none takes another's."""
        named: int | None = self.tokenizer.native.bos_token_id
        return self.config.bos_token_id if named is None else named

    def tensors(self) -> Iterator[StoredTensor]:
        """What its files hold."""
        files = sorted(self.folder.glob(WEIGHTS[0]))
        if not files:
            raise UserError(f"{self.folder} holds no {WEIGHTS[0]}", "name the folder that holds the weights, too")
        for file in files:
            yield from stored_tensors(file)

    @cached_property
    def parameters(self) -> int:
        """Numbers in all its tensors."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors())

    def _waits(self, token: int) -> bool:
        name = str(self.tokenizer.native.convert_ids_to_tokens(token))
        return any(word in name for word in _LATER)
