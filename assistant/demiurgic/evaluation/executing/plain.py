"""Reading what a candidate answers: plain data of built-in types, or it is refused.

The text may have been written by anybody, so that nothing is taken from it but the values that JSON and a handful of
names can stand for. How large it may be is the business of whoever receives it.
"""

import json
from collections.abc import Callable
from typing import Any, TypeAlias, cast

Plain: TypeAlias = Any  # data of any shape: only the tests know what to expect
"""None, a bool, an int, a float, a complex number, text, bytes, or a collection of these."""

_DEEPEST = 120


class NotPlain(Exception):
    """A message that stands for no plain data."""


def read_message(body: bytes) -> dict[str, object]:
    """The message as an object, its values not looked into yet."""
    try:
        message: object = json.loads(body)
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotPlain("its answer is no message") from error
    if not isinstance(message, dict):
        raise NotPlain("its answer is no message")
    return cast("dict[str, object]", message)  # JSON has no keys but text


def read_value(value: object, depth: int = 0) -> Plain:
    """The value that a piece of a message stands for."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth > _DEEPEST:
        raise NotPlain("its answer is nested too deeply")
    if isinstance(value, list):
        return [read_value(item, depth + 1) for item in cast("list[object]", value)]
    if not isinstance(value, dict) or len(cast("dict[str, object]", value)) != 1:
        raise NotPlain("its answer is no plain data")
    [(name, content)] = cast("dict[str, object]", value).items()
    reader = _READERS.get(name)
    if reader is None:
        raise NotPlain("its answer is no plain data")
    try:
        return reader(content, depth + 1)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotPlain(f"its answer is no {name}") from error


def read_texts(value: object, count: int) -> list[str]:
    """A list of so many texts."""
    found = cast("list[object]", value) if isinstance(value, list) else []
    if len(found) != count or not all(isinstance(item, str) for item in found):
        raise NotPlain("its answer is no message")
    return cast("list[str]", found)


def _items(content: object, depth: int) -> list[Plain]:
    if not isinstance(content, list):
        raise TypeError
    return [read_value(item, depth) for item in cast("list[object]", content)]


def _pairs(content: object, depth: int) -> dict[Plain, Plain]:
    pairs = _items(content, depth)
    if not all(type(pair) is list and len(pair) == 2 for pair in pairs):
        raise TypeError
    return dict(pairs)


def _text(content: object) -> str:
    if not isinstance(content, str):
        raise TypeError
    return content


_READERS: dict[str, Callable[[object, int], Plain]] = {
    "int": lambda content, depth: int(_text(content), 16),
    "tuple": lambda content, depth: tuple(_items(content, depth)),
    "set": lambda content, depth: set(_items(content, depth)),
    "frozenset": lambda content, depth: frozenset(_items(content, depth)),
    "keys": lambda content, depth: dict.fromkeys(_items(content, depth)).keys(),
    "dict": _pairs,
    "bytes": lambda content, depth: bytes.fromhex(_text(content)),
    "bytearray": lambda content, depth: bytearray.fromhex(_text(content)),
    "complex": lambda content, depth: complex(*_items(content, depth)),
    "range": lambda content, depth: range(*_items(content, depth)),
    "iterator": lambda content, depth: iter(_items(content, depth)),
}
