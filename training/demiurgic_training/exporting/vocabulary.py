"""A checkpoint's vocabulary as GGUF wants it: texts, kinds, merges or scores, and how text is cut into words.

How words are cut is told by the tokenizer's own pattern, which must be one that llama.cpp knows under some name:
nothing is guessed, and what is not known is refused. Whether both then make the same tokens is for the certificate.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gguf

from demiurgic.errors import UserError
from demiurgic_training.checkpoints.cutting import ONE_DIGIT, THREE_DIGITS

_GPT2 = "GPT-2's"
_GPT2_DIGITS = "GPT-2's behind single digits"
_CUTTERS = {
    (THREE_DIGITS, True): "llama-bpe",
    (THREE_DIGITS, False): "chatglm-bpe",
    (ONE_DIGIT, False): "qwen2",
    (_GPT2, False): "gpt-2",
    (_GPT2_DIGITS, False): "smollm",
}
"""llama.cpp's names, by pattern and whether a word that is a token stays whole whatever the merges say."""
_GLM = {"llama-bpe": "glm4"}
"""Under what name GLM's files have the same."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields of a GGUF's tokenizer. Of `merges` and `scores` one is empty."""

    model: str
    cutter: str
    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[str, ...]
    scores: tuple[float, ...]
    blank_first: bool = False
    """Of vocabularies with scores: whether every stretch of text begins with a blank."""


def vocabulary_of(native: Any, size: int, *, glm: bool) -> Vocabulary:  # noqa: ANN401 - transformers has no types
    """The vocabulary of a tokenizer, filled up to the model's size. Raises UserError for one that llama.cpp lacks."""
    backend = getattr(native, "backend_tokenizer", None)
    if backend is None:
        raise UserError("the checkpoint's tokenizer has no tokenizer.json, from which the vocabulary is written")
    held: dict[str, Any] = json.loads(backend.to_str())
    model = held["model"]
    if model["type"] != "BPE":
        raise UserError(f"a vocabulary of the kind {model['type']} cannot be exported")
    tokens, kinds = _listed(held, size)
    pairs = [_pair(merge) for merge in model["merges"]]
    if model.get("byte_fallback"):
        spelled = [_byte(text, kind) for text, kind in zip(tokens, kinds, strict=True)]
        blank = any('"Prepend"' in json.dumps(held[part]) for part in ("normalizer", "pre_tokenizer"))
        return Vocabulary("llama", "default", tokens, tuple(spelled), (), _scores(tokens, pairs), blank)
    cutter = _cutter(held)
    name = _GLM.get(cutter, cutter) if glm else cutter
    return Vocabulary("gpt2", name, tokens, kinds, tuple(" ".join(pair) for pair in pairs), ())


def _listed(held: Mapping[str, Any], size: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Texts and kinds by number. Numbers that the tokenizer never writes get a name of their own."""
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [int(gguf.TokenType.UNUSED)] * size
    for text, number in held["model"]["vocab"].items():
        if number >= size:
            raise UserError(f"the tokenizer has token {number}, and the model room for {size}")
        tokens[number], kinds[number] = text, int(gguf.TokenType.NORMAL)
    for token in held["added_tokens"]:
        if token["id"] >= size:
            raise UserError(f"the tokenizer has token {token['id']}, and the model room for {size}")
        tokens[token["id"]] = token["content"]
        kinds[token["id"]] = int(gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED)
    if unknown := held["model"].get("unk_token"):
        kinds[tokens.index(unknown)] = int(gguf.TokenType.UNKNOWN)
    return tuple(tokens), tuple(kinds)


def _cutter(held: Mapping[str, Any]) -> str:
    pattern, whole = _pattern(held["pre_tokenizer"] or {}), bool(held["model"].get("ignore_merges"))
    cutter = _CUTTERS.get((pattern, whole))
    if cutter is None:
        how = "keeps" if whole else "does not keep"
        raise UserError(f"llama.cpp has no name for a tokenizer that cuts by {pattern!r} and {how} known words whole")
    return cutter


def _pattern(cutting: Mapping[str, Any]) -> str:
    """By what pattern words are cut, as a text that names it."""
    steps: list[Mapping[str, Any]] = cutting["pretokenizers"] if cutting.get("type") == "Sequence" else [cutting]
    match [step.get("type") for step in steps]:
        case ["Split", "ByteLevel"] if steps[0]["behavior"] == "Isolated" and not steps[1]["use_regex"]:
            return steps[0]["pattern"].get("Regex", "")
        case ["ByteLevel"] if steps[0]["use_regex"]:
            return _GPT2
        case ["Digits", "ByteLevel"] if steps[0]["individual_digits"] and steps[1]["use_regex"]:
            return _GPT2_DIGITS
        case kinds:
            return " then ".join(map(str, kinds))


def _pair(merge: Any) -> tuple[str, str]:  # noqa: ANN401 - what JSON gives
    """Older files join the two by a blank."""
    first, second = merge.split(" ", 1) if isinstance(merge, str) else merge
    return str(first), str(second)


def _byte(text: str, kind: int) -> int:
    is_byte = len(text) == 6 and text.startswith("<0x") and text.endswith(">")
    return int(gguf.TokenType.BYTE) if is_byte and kind == gguf.TokenType.NORMAL else kind


def _scores(tokens: Sequence[str], pairs: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """What is merged first has the best score; what is never merged has the worst, as nobody asks for it."""
    ranks: dict[str, int] = {}
    for pair in pairs:
        ranks.setdefault("".join(pair), len(ranks))
    return tuple(-float(ranks.get(token, len(ranks))) for token in tokens)
