"""A sentencepiece vocabulary (`tokenizer.model`), read without the sentencepiece package.

The file is a small protocol buffer. Only what deciding tokens takes is read: the pieces with their scores and kinds,
and how they were learned. Normalisation by tables is not read, because llama.cpp has no place for it either.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from demiurgic.errors import UserError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_PIECE, _TRAINER = 1, 2
_BPE = 2
_MODEL_TYPE = 3


class Kind(IntEnum):
    """What a piece is."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """One token."""

    text: str
    score: float
    kind: Kind


def read_pieces(path: Path) -> list[Piece]:
    """The tokens in order. Raises UserError for what is no vocabulary of merges."""
    try:
        fields = list(_fields(path.read_bytes()))
        pieces = [_piece(value) for number, value in fields if number == _PIECE and isinstance(value, bytes)]
        trainers = [value for number, value in fields if number == _TRAINER and isinstance(value, bytes)]
        kinds = [value for trainer in trainers for number, value in _fields(trainer) if number == _MODEL_TYPE]
    except (KeyError, IndexError, ValueError, struct.error) as error:
        raise UserError(f"{path} is no sentencepiece vocabulary: {error}") from error
    if not pieces:
        raise UserError(f"{path} holds no tokens")
    if kinds != [_BPE]:
        raise UserError(f"{path} was not learned by merging (BPE), which is what these models' vocabularies are")
    return pieces


def _piece(data: bytes) -> Piece:
    fields = dict(_fields(data))
    text, score, kind = fields[1], fields.get(2, b"\0\0\0\0"), fields.get(3, int(Kind.NORMAL))
    if not (isinstance(text, bytes) and isinstance(score, bytes) and isinstance(kind, int)):
        raise ValueError("a token's fields are of other types")
    (number,) = struct.unpack("<f", score)
    return Piece(text.decode("utf-8"), number, Kind(kind))


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of one message: numbers as they are, everything else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind, value = key & 7, 0
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = 8 if kind == _FIXED64 else 4
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind not in (_FIXED64, _FIXED32):
            raise ValueError(f"field {key >> 3} is of the unknown kind {kind}")
        if at + size > len(data):
            raise ValueError("it ends too early")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number has too many digits")
