"""Asks the checkpoint what every file made of it will be asked, so that its weights need not stay in memory for that.

It is computed in F32 whatever the weights are kept in: the file it is compared with holds the same numbers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError
from demiurgic.messages import User
from demiurgic.templates.encoding import encode, opener
from demiurgic_training.exporting.answers import ANSWERED, Cut, Reference, Scores, write_reference
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.corpus import HELD_OUT, HOSTILE, QUESTIONS
from demiurgic_training.exporting.layouts.layout import Layout

_LONGEST = 256
_SPARE = 1.1
"""What a model takes beside its weights, as a factor."""


def make_reference(checkpoint: Checkpoint, layout: Layout, folder: Path) -> Reference:
    """Ask the checkpoint, and write down what it says."""
    import torch

    room = min(_LONGEST, checkpoint.config.max_position_embeddings - ANSWERED)
    prompts = [_asked(checkpoint, question)[-room:] for question in QUESTIONS]
    held_out = [_begun(checkpoint, text)[:room] for text in HELD_OUT]
    with torch.inference_mode():
        model = load_exact(checkpoint.folder)
        answers = [_answer(model, prompt) for prompt in prompts]
        reference = Reference(
            architecture=layout.name,
            family=checkpoint.template.family,
            facts=layout.facts(checkpoint.config),
            chat_template=checkpoint.chat_template,
            ends=list(checkpoint.ends),
            beginning=checkpoint.tokenizer.beginning,
            prompts=prompts,
            answers=answers,
            held_out=held_out,
            cuts=[_cut(checkpoint, text) for text in HOSTILE],
        )
        arrays = {f"answered_{number}": scores(model, tokens) for number, tokens in enumerate(reference.sequences)}
        arrays |= {f"held_out_{number}": scores(model, tokens) for number, tokens in enumerate(held_out)}
    write_reference(reference, arrays, folder)
    return reference


def load_exact(folder: Path) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    """The model in F32, on the GPU where there is one with so much room. Raises UserError where the weights
    are not those that its config.json describes."""
    import torch
    import transformers

    automatic: Any = transformers
    automatic.utils.logging.disable_progress_bar()
    automatic.utils.logging.set_verbosity_error()
    model, told = automatic.AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32, ignore_mismatched_sizes=True, output_loading_info=True
    )
    for what in ("missing_keys", "mismatched_keys"):
        if names := sorted(map(str, told[what])):
            raise UserError(
                f"the weights in {folder} are not those of its config.json: {len(names)} are "
                f"{what.partition('_')[0]}, the first is {names[0]}",
                "fetch or save the checkpoint again",
            )
    return model.eval().to("cuda" if _fits_the_gpu(model) else "cpu")


def _fits_the_gpu(model: Any) -> bool:  # noqa: ANN401 - transformers has no types to speak of
    import torch

    return torch.cuda.is_available() and torch.cuda.mem_get_info()[0] > _SPARE * model.get_memory_footprint()


def scores(model: Any, tokens: Sequence[int]) -> Scores:  # noqa: ANN401 - transformers has no types to speak of
    """A row for each token: the logits of what follows it."""
    import torch

    ids = torch.tensor([list(tokens)], device=model.device)
    return model(input_ids=ids, use_cache=False).logits[0].float().cpu().numpy()


def _asked(checkpoint: Checkpoint, question: str) -> list[int]:
    segments = checkpoint.template.render((User(question),))
    parts = encode(segments, checkpoint.tokenizer, checkpoint.tokenizer.markers)
    tokens = [token for part in parts for token in part.tokens]
    return [*opener(checkpoint.tokenizer.beginning, tokens), *tokens]


def _begun(checkpoint: Checkpoint, text: str) -> list[int]:
    tokens = checkpoint.tokenizer.tokenize(text, markers=False)
    return [*opener(checkpoint.tokenizer.beginning, tokens), *tokens]


def _cut(checkpoint: Checkpoint, text: str) -> Cut:
    return Cut(text, checkpoint.tokenizer.tokenize(text), checkpoint.tokenizer.tokenize(text, markers=False))


def _answer(model: Any, prompt: Sequence[int]) -> list[int]:  # noqa: ANN401 - transformers has no types to speak of
    import torch

    answer: list[int] = []
    ids, past = list(prompt), None
    while len(answer) < ANSWERED:
        told = model(input_ids=torch.tensor([ids], device=model.device), past_key_values=past, use_cache=True)
        ids, past = [int(told.logits[0, -1].argmax())], told.past_key_values
        answer += ids
    return answer
