"""What a model says while it is being taught: greedily, so that nothing is drawn that the run would have drawn."""

from collections.abc import Sequence
from typing import Any

from demiurgic.messages import User
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.encoding import encode, opener
from demiurgic.templates.protocol import Template

_LONGEST = 128


class Speaker:
    """Asks a model of transformers in its own words."""

    def __init__(self, tokenizer: Any, template: Template) -> None:  # noqa: ANN401 - transformers has no types
        self._native, self._template = tokenizer, template
        self._tokenizer = CheckpointTokenizer(tokenizer)

    @property
    def ends(self) -> list[int]:
        """The tokens that end its turns."""
        markers = self._tokenizer.markers
        return [markers[stop] for stop in self._template.stops if stop in markers]

    def prompt(self, question: str) -> list[int]:
        """The tokens before its answer."""
        segments = self._template.render((User(question),), generate=True, think=False)
        parts = encode(segments, self._tokenizer, self._tokenizer.markers)
        tokens = [token for part in parts for token in part.tokens]
        return [*opener(self._tokenizer.beginning, tokens), *tokens]

    def say(self, model: Any, question: str) -> str:  # noqa: ANN401 - transformers has no types
        """Its answer. Leaves the model as it was."""
        import torch

        prompt, training = self.prompt(question), model.training
        model.eval()
        with torch.no_grad():
            given = torch.tensor([prompt], device=model.device)
            said: Sequence[Any] = model.generate(
                input_ids=given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=_LONGEST,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                eos_token_id=self.ends or None,
                pad_token_id=self._native.pad_token_id,
            )
        model.train(training)
        return str(self._native.decode(said[0][len(prompt) :], skip_special_tokens=True)).strip()
