"""Calls that are one JSON object with a name and arguments: what Hermes and Llama 3 have in common."""

import json
import re
from collections.abc import Mapping
from typing import Literal, cast

from demiurgic.messages import Json, JsonObject, ToolCall
from demiurgic.templates.dialects.lark import LOOSE, Lark, either, escaped, literal
from demiurgic.templates.dialects.tape import Brackets, Events
from demiurgic.templates.dialects.toolbox import Toolbox, parse_json
from demiurgic.templates.protocol import CallOpened

_NAME_KEY = re.compile(r'\{\s*"name"\s*:')
_HEAD = re.compile(r'\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"(arguments|parameters)"\s*:')
_LONGEST_HEAD = 400


def dumps(value: Json) -> str:
    """JSON as the families were taught to write it, and as the grammars let it through."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def written(call: ToolCall, key: str) -> str:
    """A call as one object."""
    return dumps({"name": call.name, key: dict(call.arguments)})


def strict_calls(lark: Lark, schemas: Mapping[str, JsonObject], key: str) -> str:
    """Any of the calls, exactly as the family lays them out."""
    calls: list[str] = []
    for name, schema in schemas.items():
        head = f'{{"name": {dumps(name)}, "{key}": '
        calls.append(f"{literal(head)} {lark.json(schema)} {literal('}')}")
    return either(calls)


def loose_calls(lark: Lark, schemas: Mapping[str, JsonObject], key: str, before: str) -> list[str]:
    """One expression per tool for text that matches `before`, then a call laid out by taste.

    It takes hold only once a known tool is named and its arguments begin, so that other JSON stays free.
    """
    return [
        f"{lark.rule(f'{before} {_loose_head(name, key)}', lazy=True)} {_BLANK} {lark.json(schema, LOOSE)} {_END}"
        for name, schema in schemas.items()
    ]


_BLANK = r"/[ \n]{0,24}/"
_END = r"/[ \n]{0,24}\}(\n```)?/"


def _loose_head(name: str, key: str) -> str:
    few, more = r"[ \n]{0,4}", r"[ \n]{0,24}"
    return rf'/\{{{more}"name"{few}:{few}{escaped(dumps(name))}{few},{more}"{key}"{few}:/'


class JsonCall:
    """A call while its characters arrive."""

    def __init__(self) -> None:
        self.name: str | None = None
        """Known as soon as the object begins like a call."""
        self.in_arguments = False
        """Whether the latest character belongs to the arguments."""
        self.foreign = False
        """Whether the object can no longer begin like a call."""
        self._chars: list[str] = []
        self._brackets = Brackets()
        self._colons = 0
        self._arguments_at = 0

    @property
    def raw(self) -> str:
        return "".join(self._chars)

    @property
    def last(self) -> str:
        return self._chars[-1]

    @property
    def size(self) -> int:
        return len(self._chars)

    def ends_with(self, text: str) -> bool:
        return "".join(self._chars[-len(text) :]) == text

    @property
    def in_string(self) -> bool:
        return bool(self._brackets.quote)

    @property
    def arguments(self) -> str:
        """The arguments as they were written."""
        return self.raw[self._arguments_at : -1].strip()

    def put(self, char: str) -> Literal["open", "closed", "wrong"]:
        self._chars.append(char)
        inside = self._brackets.depth > 1
        state = self._brackets.put(char)
        self.in_arguments = self.name is not None and (inside or self._brackets.depth > 1)
        if char == ":" and self._brackets.depth == 1 and not self.in_string and self._colons < 2:
            self._colons += 1
            self._look_at_head()
        if self.name is None and self.size > _LONGEST_HEAD:
            self.foreign = True
        return state

    def _look_at_head(self) -> None:
        if self._colons == 1:
            self.foreign = not _NAME_KEY.fullmatch(self.raw)
        elif head := _HEAD.fullmatch(self.raw):
            self._arguments_at = self.size
            self._name_it(head[1])
        else:
            self.foreign = True

    def _name_it(self, written: str) -> None:
        try:
            self.name = cast("str", parse_json(written))
        except ValueError:
            self.foreign = True

    def parse(self) -> tuple[str, Json, bool]:
        """Name, arguments, and whether they came the family's own way. Raises ValueError, worded for the model."""
        try:
            value = parse_json(self.raw)
        except ValueError as error:
            raise ValueError(f"the call is not valid JSON: {error}") from error
        name = value.get("name")
        if not isinstance(name, str):
            raise ValueError('the call has no "name"')
        if self.name not in (None, name):
            raise ValueError("the call names two tools")
        for key in ("arguments", "parameters"):
            if key in value:
                return name, *_as_object(value[key])
        raise ValueError('the call has no "arguments"')


def _as_object(arguments: Json) -> tuple[Json, bool]:
    """Arguments, also where the model wrote their JSON into a string."""
    if not isinstance(arguments, str):
        return arguments, True
    try:
        return parse_json(arguments), False
    except ValueError:
        return arguments, False


class Announcer:
    """Passes a call on while it arrives, from the moment it is known to be one of a known tool."""

    def __init__(self, events: Events, toolbox: Toolbox) -> None:
        self._events = events
        self._toolbox = toolbox
        self.announced = False

    def follow(self, call: JsonCall) -> None:
        """Look at the call after each character."""
        if not self.announced and call.name in self._toolbox:
            self._events.add(CallOpened(call.name or ""))
            self.announced = True
        if self.announced and call.in_arguments:
            self._events.call_text(call.last)

    def settle(self, name: str, arguments: Json) -> None:
        """The call is whole: announce it if nothing in its beginning did."""
        if not self.announced and name in self._toolbox:
            self._events.add(CallOpened(name))
            self._events.call_text(dumps(arguments))
