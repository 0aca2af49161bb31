"""A tokenizer of transformers made of sentencepiece's pieces, which cuts texts as llama.cpp cuts them.

Both merge the neighbours whose union has the best score. Here that is said as an ordered list of merges. As in
llama.cpp, nothing is normalised but that blanks become `▁`, and one stands before every stretch of text.
"""

from collections.abc import Sequence
from typing import Any

from demiurgic_training.checkpoints.sentencepiece import Kind, Piece


def spelled(pieces: Sequence[Piece], specials: Sequence[str]) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    """A tokenizer whose tokens are the pieces, then the special ones that the model's own code adds to them."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {piece.text: number for number, piece in enumerate(pieces)}
    unknown = next(piece.text for piece in pieces if piece.kind is Kind.UNKNOWN)
    tokenizer: Any = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges(pieces), unk_token=unknown, fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    named = [piece.text for piece in pieces if piece.kind in (Kind.CONTROL, Kind.UNKNOWN)]
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in (*named, *specials)])
    own = [piece.text for piece in pieces if piece.kind is Kind.USER_DEFINED]
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in own])
    end = "</s>" if "</s>" in vocabulary else unknown
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=unknown,
        eos_token=end,
        pad_token=unknown,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def merges(pieces: Sequence[Piece]) -> list[tuple[str, str]]:
    """Every way to make a piece of two others, those of the best pieces first."""
    ranks = {piece.text: number for number, piece in enumerate(pieces) if piece.kind is Kind.NORMAL}
    best = sorted((piece for piece in pieces if piece.kind is Kind.NORMAL), key=lambda piece: -piece.score)
    return [
        (piece.text[:cut], piece.text[cut:])
        for piece in best
        for cut in range(1, len(piece.text))
        if piece.text[:cut] in ranks and piece.text[cut:] in ranks
    ]
