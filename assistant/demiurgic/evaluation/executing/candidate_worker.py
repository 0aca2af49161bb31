"""The candidate's side of a trial: defines one program and answers calls of its functions with plain data.

Runs in a process made for this one program, alone: it must not import this package. It knows no test and no expected
value. Messages go both ways as four bytes of length and a body; questions are marshalled, answers are JSON:

    up         {"up": true} or {"broken": "why"}          confined or not, before there is a program
    program    {"source": "", "entry": "", "seed": 0}
    defined    {"ready": true}  {"syntax": [..]}  {"raised": [..]}  {"missing": true}
    question   (nonce, name, args, kwargs)
    answer     {"nonce": "", "value": ..} or {"nonce": "", "raised": [name, builtin name, text, line]}
               or {"nonce": "", "odd": "what it is"} or {"nonce": "", "absent": true}; perhaps "changed": [args]

The program can do anything to this process, forge answers included. Nobody trusts them.
"""
# ruff: noqa: ANN401, BLE001 - values are of any type, and whatever a program raises is what it has to say

from __future__ import annotations

import json
import marshal
import os
import random
import sys
import types
from collections.abc import Iterator
from typing import Any

_LONGEST_TEXT = 300
_DEEPEST = 100
_FILE = "<program>"
_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_CHUNK = 1 << 16
_AS_THEY_ARE = frozenset((type(None), bool, str, float))
_LISTS: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset", type(dict[Any, Any]().keys()): "keys"}
_MAPPINGS = ("Counter", "OrderedDict", "defaultdict")
_LAZY = (Iterator, type(dict[Any, Any]().values()), type(dict[Any, Any]().items()))
_ITEMS: Any = vars(dict)["items"]
"""Not those of a subclass."""
_CHANGEABLE = (list, dict, set, bytearray)


class _Odd(Exception):
    """A value that is not plain data."""


def serve(channel: int) -> None:
    """Answer until nobody asks any more."""
    say(channel, {"up": True})
    order = marshal.loads(_hear(channel))
    source, entry = order["source"], order["entry"]
    random.seed(order["seed"])
    program = types.ModuleType("program")
    sys.modules["program"] = program
    problem = _define(source, program.__dict__)
    if problem is None and not callable(program.__dict__.get(entry)):
        problem = {"missing": True}
    say(channel, problem or {"ready": True})
    lines = source.splitlines()
    while problem is None and (question := _hear(channel)):
        nonce, name, arguments, named = marshal.loads(question)
        say(channel, {"nonce": nonce, **_answer(program.__dict__.get(name), arguments, named, lines)})


def _define(source: str, namespace: dict[str, Any]) -> dict[str, Any] | None:
    try:
        code = compile(source, _FILE, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        name, _, text, _ = _raised(error, [])
        line = getattr(error, "text", None) or ""
        return {"syntax": [name, text, str(line).strip()[:_LONGEST_TEXT]]}
    try:
        exec(code, namespace)
    except BaseException as error:
        return {"raised": _raised(error, source.splitlines())}
    return None


def _answer(function: Any, arguments: tuple[Any, ...], named: dict[str, Any], lines: list[str]) -> dict[str, Any]:
    if not callable(function):
        return {"absent": True}
    try:
        value = function(*arguments, **named)
        answer = {"value": plain(value)}
        if value is None and any(type(argument) in _CHANGEABLE for argument in arguments):
            answer["changed"] = [plain(argument) for argument in arguments]
    except _Odd as error:
        return {"odd": str(error)}
    except BaseException as error:
        return {"raised": _raised(error, lines)}
    return answer


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON, with the types named that JSON does not have. Subclasses of plain types are not plain, but for
    the dictionaries of `collections` and the numbers of numpy, which are taken for what they hold."""
    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
    if kind in _AS_THEY_ARE:
        return value
    if kind is int:
        return value if -(1 << 63) <= value < 1 << 63 else {"int": hex(value)}
    if depth > _DEEPEST:
        raise _Odd("nested too deeply")
    if kind is list:
        return [plain(item, depth + 1) for item in value]
    if kind in _LISTS:
        return {_LISTS[kind]: [plain(item, depth + 1) for item in value]}
    if kind is dict or (kind.__module__ == "collections" and kind.__name__ in _MAPPINGS and isinstance(value, dict)):
        pairs = _ITEMS(value)
        return {"dict": [[plain(key, depth + 1), plain(item, depth + 1)] for key, item in pairs]}
    return _rarely_plain(value, kind, depth)


def _rarely_plain(value: Any, kind: type[Any], depth: int) -> Any:
    if kind in (bytes, bytearray):
        return {kind.__name__: value.hex()}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if kind is range:
        return {"range": [plain(part) for part in (value.start, value.stop, value.step)]}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return plain(value.item(), depth + 1)
    if issubclass(kind, _LAZY):
        return {"iterator": [plain(item, depth + 1) for item in value]}
    raise _Odd(f"{kind.__module__}.{kind.__qualname__}")


def _raised(error: BaseException, lines: list[str]) -> list[str]:
    """Its name, the built-in class that it is of, its text, and the program's line."""
    kind = type(error)
    known = next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        key = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else None
        text = (key if type(key) is str else str(error))[:_LONGEST_TEXT]
    except BaseException:
        text = ""
    trace, number = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            number = trace.tb_lineno
        trace = trace.tb_next
    line = lines[number - 1].strip()[:_LONGEST_TEXT] if 0 < number <= len(lines) else ""
    return [kind.__name__[:_LONGEST_TEXT], known, text, line]


def say(channel: int, message: dict[str, Any]) -> None:
    """Send one message."""
    body = _ENCODER.encode(message).encode()
    data = memoryview(len(body).to_bytes(4, "little") + body)
    while data:
        data = data[os.write(channel, data) :]


def _hear(channel: int) -> bytes:
    """The next message; nothing if there will be none. Nobody sends two without waiting for an answer."""
    data = os.read(channel, _CHUNK)
    if len(data) < 4:
        return b""
    missing = int.from_bytes(data[:4], "little") + 4 - len(data)
    if missing == 0:
        return data[4:]
    pieces = [data[4:]]
    while missing and (piece := os.read(channel, missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
