"""Texts in which somebody spelled a chat template's special tokens: rows that were rendered before they came here.

The renderer reads such names as letters, so that no row can forge a turn. But who learns from rows that hold them
learns to write them as letters. Names that ordinary text is full of, like `</s>`, are not looked for.
"""

import re
from collections.abc import Iterator, Mapping

from demiurgic.messages import Assistant, Message
from demiurgic.messages_json import json_bytes
from demiurgic_training.rows import Pair, Row

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "ChatML": ("<|im_start|>", "<|im_end|>"),
    "GLM": ("[gMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    "Llama 3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>"),
    "Llama 2 or Mistral": ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
    "Gemma": ("<start_of_turn>", "<end_of_turn>"),
    "Phi": ("<|end|>",),
    "DeepSeek": ("<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
    "every family": ("<|endoftext|>",),
}
_OWNERS = {name: family for family, names in FAMILIES.items() for name in names}
_NAMES = re.compile("|".join(map(re.escape, sorted(_OWNERS, key=len, reverse=True))))


def spelled_in(item: Row | Pair) -> str | None:
    """The first special token that a row spells, and whose it is; None where there is none."""
    messages = item.messages if isinstance(item, Row) else (*item.prompt, item.chosen, item.rejected)
    for message in messages:
        for text in _texts(message):
            if found := _NAMES.search(text):
                return f"{found.group()}, a special token of {_OWNERS[found.group()]}"
    return None


def _texts(message: Message) -> Iterator[str]:
    yield message.text
    if isinstance(message, Assistant):
        yield message.reasoning
        for call in message.calls:
            yield json_bytes(call.arguments).decode()
