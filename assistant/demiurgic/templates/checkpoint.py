"""The tokenizer of a Hugging Face checkpoint as templates want one, and the template that its model was taught.

Evaluation and training read checkpoints through these, so that what is learned and what is asked are written alike.
The tokenizer itself is loaded elsewhere: nothing here imports transformers.
"""

from collections.abc import Sequence
from typing import Any

from demiurgic.templates.detect import ModelTraits, detect
from demiurgic.templates.protocol import Template, Vocabulary


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

    def template(self, architecture: str, name: str, ends: Sequence[int]) -> Template:
        """The template of a model of this architecture and name, whose turns end with one of these tokens."""
        texts = tuple(str(token) for token in self.native.convert_ids_to_tokens(list(ends)))
        own, eos = self.native.chat_template, self.native.eos_token or ""
        return detect(ModelTraits(own, architecture, name, Vocabulary(self.markers), texts, eos))
