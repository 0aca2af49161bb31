"""Reading what a candidate answers: plain data of built-in types, or it is refused.

The text may have been written by anybody, so that nothing is taken from it but the values that JSON and a handful of
names can stand for. How large it may be is the business of whoever receives it.
"""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

Plain: TypeAlias = Any
"""None, a bool, an int, a float, a complex number, text, bytes, or a collection of these."""

_DEEPEST = 120


class NotPlain(Exception):
    """A message that stands for no plain data."""


def read_message(body: bytes) -> dict[str, Any]:
    """The message as an object, its values not looked into yet."""
    try:
        message: object = json.loads(body)
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotPlain("its answer is no message") from error
    if not isinstance(message, dict):
        raise NotPlain("its answer is no message")
    return message  # pyright: ignore[reportUnknownVariableType] - JSON has no keys but text


def read_value(value: Any, depth: int = 0) -> Plain:
    """The value that a piece of a message stands for."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth > _DEEPEST:
        raise NotPlain("its answer is nested too deeply")
    if isinstance(value, list):
        return [read_value(item, depth + 1) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict) or len(value) != 1:  # pyright: ignore[reportUnknownArgumentType]
        raise NotPlain("its answer is no plain data")
    [(name, content)] = value.items()  # pyright: ignore[reportUnknownVariableType]
    reader = _READERS.get(name)  # pyright: ignore[reportUnknownArgumentType]
    if reader is None:
        raise NotPlain("its answer is no plain data")
    try:
        return reader(content, depth + 1)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotPlain(f"its answer is no {name}") from error


def read_texts(value: Any, count: int) -> list[str]:
    """A list of so many texts."""
    if not isinstance(value, list) or len(value) != count:  # pyright: ignore[reportUnknownArgumentType]
        raise NotPlain("its answer is no message")
    if not all(isinstance(item, str) for item in value):  # pyright: ignore[reportUnknownVariableType]
        raise NotPlain("its answer is no message")
    return value  # pyright: ignore[reportUnknownVariableType]


def _items(content: Any, depth: int) -> list[Plain]:
    if not isinstance(content, list):
        raise TypeError
    return [read_value(item, depth) for item in content]  # pyright: ignore[reportUnknownVariableType]


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise TypeError
    return content


_READERS: dict[str, Callable[[Any, int], Plain]] = {
    "int": lambda content, depth: int(_text(content), 16),
    "tuple": lambda content, depth: tuple(_items(content, depth)),
    "set": lambda content, depth: set(_items(content, depth)),
    "frozenset": lambda content, depth: frozenset(_items(content, depth)),
    "keys": lambda content, depth: dict.fromkeys(_items(content, depth)).keys(),
    "dict": lambda content, depth: {key: item for key, item in _items(content, depth)},  # noqa: C416 - pairs, or it fails
    "bytes": lambda content, depth: bytes.fromhex(_text(content)),
    "bytearray": lambda content, depth: bytearray.fromhex(_text(content)),
    "complex": lambda content, depth: complex(*_items(content, depth)),
    "range": lambda content, depth: range(*_items(content, depth)),
    "iterator": lambda content, depth: iter(_items(content, depth)),
}
