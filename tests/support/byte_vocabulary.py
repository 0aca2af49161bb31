"""A vocabulary of single bytes and any special tokens, so that grammars are tried without a model."""

from collections.abc import Sequence
from functools import cache

from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper

from demiurgic.templates.protocol import Vocabulary

END = "<|end|>"


class _Bytes:
    def __init__(self, specials: Sequence[str]) -> None:
        names = [END, *specials]
        self.tokens = [bytes([byte]) for byte in range(256)] + [name.encode() for name in names]
        self.special_token_ids = list(range(256, 256 + len(names)))
        self.eos_token_id = 256
        self.bos_token_id = None

    def __call__(self, text: bytes | str) -> list[int]:
        return list(text.encode() if isinstance(text, str) else text)


@cache
def byte_tokenizer(specials: tuple[str, ...] = ()) -> LLTokenizer:
    return LLTokenizer(TokenizerWrapper(_Bytes(specials)))


def byte_markers(specials: tuple[str, ...] = ()) -> Vocabulary:
    return Vocabulary({name: 257 + index for index, name in enumerate(specials)})


def encode(text: str, specials: tuple[str, ...] = ()) -> list[int]:
    """The text as tokens, special tokens where their names stand."""
    ids: list[int] = []
    while text:
        index, name = next(((i, name) for i, name in enumerate(specials) if text.startswith(name)), (0, ""))
        ids += [257 + index] if name else list(text[0].encode())
        text = text[len(name) or 1 :]
    return ids


def accepted(grammar: str, text: str, specials: tuple[str, ...] = ()) -> str | None:
    """None if the grammar takes the text as a whole reply, else as much of it as it took."""
    matcher = LLMatcher(byte_tokenizer(specials), LLMatcher.grammar_from_lark(grammar))
    assert not matcher.is_error(), matcher.get_error()
    ids = encode(text, specials)
    taken = matcher.try_consume_tokens(ids)
    if taken == len(ids) and matcher.is_accepting():
        return None
    return bytes(token for token in ids[:taken] if token < 256).decode(errors="replace")
