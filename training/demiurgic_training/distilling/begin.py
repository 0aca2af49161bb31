"""A checkpoint made of a GGUF file: the same model with its weights as floats again, to be taught.

    python -m demiurgic_training.distilling.begin MODEL.gguf FOLDER

What quantising took away does not come back: the checkpoint holds what the GGUF computes with. Its tokenizer is made
anew from the file's vocabulary and merges, with the file's own way to cut text into words. A file whose way is not
known here is refused, since its student would read other tokens than its GGUF does.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from demiurgic.errors import DemiurgicError, UserError
from demiurgic_training.checkpoints.cutting import ONE_DIGIT, THREE_DIGITS

_PATTERNS = {
    "chatglm-bpe": THREE_DIGITS,
    "glm4": THREE_DIGITS,
    "llama-bpe": THREE_DIGITS,
    "qwen2": ONE_DIGIT,
}
_DIGITS_APART = "smollm"
_CONTROL, _DEFINED = 3, 4
"""Kinds of tokens that text never becomes by itself, as GGUF numbers them: special ones, and whole words."""


def begin(file: Path, folder: Path) -> None:
    """Write the checkpoint. Raises UserError for a file that cannot become one."""
    import gguf
    import torch
    import transformers

    held: dict[str, Any] = {name: field.contents() for name, field in gguf.GGUFReader(file).fields.items()}
    tokenizer = _tokenizer(held, file)
    automatic: Any = transformers.AutoModelForCausalLM
    try:
        read = automatic.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32)
    except (ValueError, KeyError, NotImplementedError) as error:
        raise UserError(f"{file} cannot become a checkpoint: {error}", "name a checkpoint's folder instead") from error
    config = read.config
    del config.quantization_config  # transformers keeps what it read for quantised, and would not save it
    model = automatic.from_config(config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    model.generation_config.eos_token_id = model.config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = model.config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(held: dict[str, Any], file: Path) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    import tokenizers
    import transformers

    kind, pre = held.get("tokenizer.ggml.model"), held.get("tokenizer.ggml.pre")
    if kind != "gpt2" or pre not in (*_PATTERNS, _DIGITS_APART):
        known = ", ".join((*_PATTERNS, _DIGITS_APART))
        raise UserError(f"{file} cuts text as {kind}, {pre}, which is not known here", f"known are {known}")
    tokens: Sequence[str] = held["tokenizer.ggml.tokens"]
    merges = [tuple(line.split(" ")) for line in held["tokenizer.ggml.merges"]]
    whole: Any = tokenizers.Tokenizer(
        tokenizers.models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=merges,
            ignore_merges=pre == "llama-bpe",
        )
    )
    whole.pre_tokenizer = _cutting(str(pre))
    whole.decoder = tokenizers.decoders.ByteLevel()
    added = list(zip(tokens, held["tokenizer.ggml.token_type"], strict=True))
    make: Callable[..., Any] = tokenizers.AddedToken
    whole.add_special_tokens([make(name, special=True, normalized=False) for name, type in added if type == _CONTROL])
    whole.add_tokens([make(name, normalized=False) for name, type in added if type == _DEFINED])
    end = tokens[held["tokenizer.ggml.eos_token_id"]]
    padding = tokens[held.get("tokenizer.ggml.padding_token_id", held["tokenizer.ggml.eos_token_id"])]
    fast: Any = transformers.PreTrainedTokenizerFast(
        tokenizer_object=whole, eos_token=end, pad_token=padding, clean_up_tokenization_spaces=False
    )
    fast.chat_template = held.get("tokenizer.chat_template")
    return fast


def _cutting(pre: str) -> Any:  # noqa: ANN401 - tokenizers has no types to speak of
    from tokenizers import Regex, pre_tokenizers

    parts: Any = pre_tokenizers
    if pre == _DIGITS_APART:
        return parts.Sequence([parts.Digits(individual_digits=True), parts.ByteLevel(add_prefix_space=False)])
    cut = parts.Split(Regex(_PATTERNS[pre]), "isolated")
    return parts.Sequence([cut, parts.ByteLevel(add_prefix_space=False, use_regex=False)])


def main(arguments: Sequence[str]) -> int:
    """Exit codes are those of `demiurgic`."""
    try:
        begin(Path(arguments[0]), Path(arguments[1]))
    except DemiurgicError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program of its own
        return 2 if isinstance(error, UserError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
