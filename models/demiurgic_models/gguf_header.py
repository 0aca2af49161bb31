"""The header of a GGUF file, read with hard limits. What its fields mean is no concern of this module.

Model files come from strangers, and the native loader ends the process over some that are malformed. So every count,
length and offset is checked against the limits and the file's own size before it is believed, and work and memory are
bounded however large the file is. The weights themselves are never read.
"""

import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from demiurgic_models.errors import BadModelFile
from demiurgic_models.gguf_tables import BLOCKS, LIST, SCALARS, TEXT

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_TENSORS = 100_000
_MOST_FIELDS = 10_000
_MOST_TEXTS = 2_000_000
"""In all lists together: a vocabulary of 262,144 tokens with its merges has two fifths of it."""
_LARGEST_HEADER = 128 * 2**20
_LONGEST_KEY = 65_535
_MOST_DIMENSIONS = 4
_LARGEST_ALIGNMENT = 2**16
_KEPT_ITEMS = 1024
_BLOCK = 2**16
_LENGTH = struct.Struct("<Q")
_TOKENS = "tokenizer.ggml.tokens"
_TOKEN_KINDS = "tokenizer.ggml.token_type"


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies, counted from the end of the header, and of what type it is."""

    name: str
    values: int
    type: int
    offset: int

    @property
    def bytes(self) -> int:
        """Its size in the file."""
        _, per_block, block = BLOCKS[self.type]
        return self.values // per_block * block


@dataclass(frozen=True, slots=True)
class Header:
    """All fields and tensors. Lists longer than 1,024 items were checked, but are left out of the fields."""

    path: Path
    size: int
    fields: Mapping[str, Any]
    tensors: tuple[Tensor, ...]
    vocabulary: int
    """How many tokens there are."""
    tokens: tuple[str, ...] = ()
    """All of them, and of which kind each is in GGUF's numbers: where they were asked for, and the file says so."""
    token_kinds: tuple[int, ...] = ()


def read_header(path: Path, *, tokens: bool = False) -> Header:
    """Read the header of a model file; its `tokens` only for who needs them, as they take longer than all the rest.
    Raises BadModelFile for anything but a whole GGUF file."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadModelFile(f"{path} is not a file", "name a .gguf file")
        with path.open("rb") as file:
            return _Reader(file, path, status.st_size, tokens=tokens).read()
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise BadModelFile(f"{path} cannot be read: {said}", "check the path") from error


class _Reader:
    def __init__(self, file: BinaryIO, path: Path, size: int, *, tokens: bool) -> None:
        self._file, self._path, self._size, self._at = file, path, size, 0
        self._texts_left = _MOST_TEXTS
        self._wants_tokens, self._vocabulary = tokens, 0
        self._tokens: tuple[str, ...] = ()
        self._token_kinds: tuple[int, ...] = ()

    def read(self) -> Header:
        if self._take(4) != _MAGIC:
            raise self._bad("it does not begin with GGUF", 0)
        version = self._number("<I")
        if version not in _VERSIONS:
            raise self._bad(f"it has version {version}; only little-endian versions 2 and 3 are known", 4)
        tensor_count, field_count = self._number("<Q"), self._number("<Q")
        if tensor_count > _MOST_TENSORS or field_count > _MOST_FIELDS:
            raise self._bad(f"it claims {tensor_count} tensors and {field_count} fields", 8)
        fields = self._fields(field_count)
        tensors = tuple(self._tensor() for _ in range(tensor_count))
        self._check_places(tensors, fields.get("general.alignment", 32))
        return Header(self._path, self._size, fields, tensors, self._vocabulary, self._tokens, self._token_kinds)

    def _fields(self, count: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for _ in range(count):
            key = self._text(_LONGEST_KEY)
            if key in fields:
                raise self._bad(f"the field {key!r} stands twice", self._at)
            kind = self._number("<I")
            if kind in SCALARS:
                fields[key] = self._number(SCALARS[kind])
            elif kind == TEXT:
                fields[key] = self._text(_LARGEST_HEADER)
            elif kind == LIST:
                fields[key] = self._list(key)
            else:
                raise self._bad(f"the field {key!r} holds a value of unknown kind {kind}", self._at)
        return fields

    def _list(self, key: str) -> list[Any] | None:
        """The items, or None where there are too many to keep."""
        kind, length = self._number("<I"), self._number("<Q")
        if kind == TEXT:
            return self._texts(key, length)
        if kind not in SCALARS:
            raise self._bad(f"the field {key!r} holds a list of kind {kind}", self._at)
        data = self._take(length * struct.calcsize(SCALARS[kind]))
        layout = f"<{length}{SCALARS[kind][1:]}"
        if key == _TOKEN_KINDS:
            self._token_kinds = struct.unpack(layout, data) if self._wants_tokens else ()
            return None
        return list(struct.unpack(layout, data)) if length <= _KEPT_ITEMS else None

    def _texts(self, key: str, length: int) -> list[str] | None:
        if length > self._texts_left:
            raise self._bad(f"the field {key!r} claims a list of {length} texts", self._at)
        self._texts_left -= length
        if key == _TOKENS:
            self._vocabulary = length
        if key == _TOKENS and self._wants_tokens:
            self._tokens = tuple(self._text(_LONGEST_KEY) for _ in range(length))
        elif key != _TOKENS and length <= _KEPT_ITEMS:
            return [self._text(_LARGEST_HEADER) for _ in range(length)]
        else:
            self._pass_over(length)
        return None

    def _pass_over(self, count: int) -> None:
        """So many texts, of which nobody wants to know. By the block: there are half a million of them in a file."""
        block, at = b"", 0
        for _ in range(count):
            if at + _LENGTH.size > len(block):
                block, at = block[at:] + self._block(at + _LENGTH.size - len(block)), 0
            at += _LENGTH.size + _LENGTH.unpack_from(block, at)[0]
            if at > len(block):
                self._take(at - len(block))
                block, at = b"", 0
        self._file.seek(at - len(block), os.SEEK_CUR)
        self._at += at - len(block)

    def _block(self, least: int) -> bytes:
        room = min(self._size, _LARGEST_HEADER) - self._at
        return self._take(max(least, min(_BLOCK, room)))

    def _tensor(self) -> Tensor:
        name = self._text(_LONGEST_KEY)
        dimensions = self._number("<I")
        if not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise self._bad(f"the tensor {name!r} has {dimensions} dimensions", self._at)
        shape = [self._number("<Q") for _ in range(dimensions)]
        values = 1
        for extent in shape:
            values *= extent
        kind, offset = self._number("<I"), self._number("<Q")
        if kind not in BLOCKS:
            raise self._bad(f"the tensor {name!r} has the unknown type {kind}", self._at)
        if values <= 0 or shape[0] % BLOCKS[kind][1]:
            raise self._bad(f"the tensor {name!r} has the impossible shape {shape}", self._at)
        return Tensor(name, values, kind, offset)

    def _check_places(self, tensors: tuple[Tensor, ...], alignment: object) -> None:
        if type(alignment) is not int or not 1 <= alignment <= _LARGEST_ALIGNMENT or alignment & (alignment - 1):
            raise self._bad(f"it has the impossible alignment {alignment!r}", self._at)
        start = -(-self._at // alignment) * alignment
        if len({tensor.name for tensor in tensors}) != len(tensors):
            raise self._bad("two tensors have the same name", self._at)
        end = 0
        for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
            if tensor.offset % alignment or tensor.offset < end:
                raise self._bad(f"the tensor {tensor.name!r} is misplaced", start + tensor.offset)
            end = tensor.offset + tensor.bytes
        if start + end > self._size:
            missing = start + end - self._size
            raise BadModelFile(
                f"{self._path} is truncated: {missing} of {start + end} bytes are missing", "fetch the file again"
            )

    def _text(self, longest: int) -> str:
        length = self._number("<Q")
        if length > longest:
            raise self._bad(f"it claims a text of {length} bytes", self._at)
        return self._take(length).decode("utf-8", "replace")

    def _number(self, layout: str) -> Any:  # noqa: ANN401 - int, float or bool, as the layout says
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _take(self, count: int) -> bytes:
        # Against the file's size first: a hostile count must not become an allocation.
        if count > self._size - self._at:
            raise BadModelFile(
                f"{self._path} is truncated: it ends within its header (byte {self._at} of {self._size})",
                "fetch the file again",
            )
        if self._at + count > _LARGEST_HEADER:
            raise self._bad(f"its header is larger than {_LARGEST_HEADER // 2**20} MB", self._at)
        data = self._file.read(count)
        if len(data) != count:
            raise BadModelFile(f"{self._path} became shorter while it was read (byte {self._at})")
        self._at += count
        return data

    def _bad(self, what: str, at: int) -> BadModelFile:
        return BadModelFile(f"{self._path} is not a GGUF model: {what} (byte {at})")
